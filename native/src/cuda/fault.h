// What a kernel says about bad values: one 64-bit word on the device, which the host reads when it likes.
//
// A kernel cannot return, and waiting for it would stop the stream, so the first bad row is kept by an atomic minimum:
//
//   row (48 bits) | op (8 bits) | reason (8 bits)        no fault: all ones
//
// A minimum does not depend on the order of the threads.
#ifndef CHORUS_CUDA_FAULT_H
#define CHORUS_CUDA_FAULT_H

#include <cstdint>

#include "cuda/language.h"

namespace chorus {
namespace cuda {

typedef unsigned long long FaultWord;

constexpr FaultWord kNoFault = ~FaultWord{0};

enum class Op : int {
  kTokenLogprob,
  kEnsembleLogprob,
  kLinearLogprob,
  kEvidential,
  kEvidentialToken,
  kDirichletPosterior,
  kPreference
};

/** What the row's number counts, and what is wrong. The order of one row's reasons is that in which they are told. */
enum class Reason : int {
  kWeight,
  kTarget,
  kLogit,
  kMaskedTarget,
  kGradientRow,
  kUpstream,
  kOmega,
  kOmegaSum,
  kOffsets,
  kProbabilities,
  kMaskedMass,
  kDenseTarget,
  kLambda,
  kLabel,
  kVote,
  kPrior,
  kLabelerWeight,
  kPairValue,
  kPairFlip,
  kPairLength,
  kPairTooLarge,
  kPairWeights,
  kPairTokens,
  kPairOffsets,
  kPairWeight,
  kPairUpstream,
  kEvidenceLogit,
  kConcentration,
  kCount
};

/** The row's number in an op that has several models: 16 bits of the model, 32 of its row. */
CHORUS_DEVICE int64_t RowOfModel(int64_t model, int64_t row) { return model << 32 | row; }
/** The model of what the models have in common. */
constexpr int64_t kEveryModel = 0xffff;

/** Where an op reports; the word is nullable. */
struct Faults {
  FaultWord* word;
  Op op;

  CHORUS_DEVICE void Report(int64_t row, Reason reason) const {
    if (!word) return;
    atomicMin(word, static_cast<FaultWord>(row) << 16 | static_cast<FaultWord>(op) << 8 | static_cast<FaultWord>(reason));
  }
};

}  // namespace cuda
}  // namespace chorus

#endif
