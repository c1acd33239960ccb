// Loops over one row of float logits with arithmetic in double, written so that a compiler makes vectors of them.
//
// On x86 with GCC each is compiled for AVX-512, AVX2 and the baseline, and the loader takes the one that the processor
// has. The order of a sum is that of the variant's vectors: fixed on one machine, last bits may differ between machines.
#ifndef CHORUS_COMMON_ROWS_H
#define CHORUS_COMMON_ROWS_H

#include <cstdint>

namespace chorus {

/** max of z[0..V); -infinity if V is 0. */
float RowMax(const float* z, int64_t V);

/** Whether a value is NaN or +infinity. */
bool RowHasBadLogit(const float* z, int64_t V);

/** sum e^(z - max) and sum e^(z - max) (z - max); -infinity entries contribute nothing. */
struct ExpSums {
  double sum;
  double dot;
};
ExpSums RowExpSums(const float* z, int64_t V, float max);

/** z[v] = -scale * e^(z[v] - lse), in place. */
void RowScaledSoftmax(float* z, int64_t V, double lse, double scale);

/** e^x for x in [-745, 709], relative error below 1e-15; results below 2^-1022 are 0. For tests. */
double PolynomialExp(double x);

}  // namespace chorus

#endif
