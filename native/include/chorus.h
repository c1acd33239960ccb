/**
 * The whole C interface of the Chorus kernels: plain pointers and sizes, nothing of LibTorch.
 *
 * Rules that hold for every function:
 *  - Tensors are dense and row-major. `stride` is the distance between two rows in elements,
 *    at least the row length.
 *  - Arguments come in this order: outputs, inputs, sizes, scalars.
 *  - The caller owns every buffer; nothing is allocated, printed, or kept between calls.
 *    Outputs overlap no input.
 *  - "nullable" arguments may be null; so may every pointer when there are no rows.
 *  - Weights are finite and at least 0. A row of weight 0 is not looked at (it may hold anything)
 *    and gives 0 everywhere.
 *  - Bad values are found while a row is read. After an error the outputs hold nothing of use, a
 *    tensor that is changed in place included.
 *  - The result is CHORUS_OK or an error code; `chorus_last_error` then holds a message of
 *    the calling thread.
 *  - Letters: N rows, V vocabulary, K classes, W weak labels of one row, P preference pairs.
 *  - Log-probabilities and losses are in nats.
 *  - Inputs named _bf16 are the upper halves of IEEE floats. Whatever the input, rows of logits over
 *    the vocabulary are computed in f32 and summed in double; everything else is computed in double.
 *    Results are f32.
 *  - Rows are shared among the OpenMP threads of the caller; results do not depend on their number.
 */
#ifndef CHORUS_H
#define CHORUS_H

#include <stdint.h>

#if defined(__GNUC__)
#define CHORUS_API __attribute__((visibility("default")))
#else
#define CHORUS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef int chorus_status;
typedef uint16_t chorus_bf16;

enum {
  CHORUS_OK = 0,
  /** A null pointer, a negative size, a stride below the row length, a scalar outside its range. */
  CHORUS_INVALID_ARGUMENT = 1,
  /** An input value that no result can be computed from: NaN, or a target outside the vocabulary.
      Names the row. */
  CHORUS_INVALID_VALUE = 2,
  /** A failure inside the library. */
  CHORUS_INTERNAL = 3
};

/** The message of the calling thread's last failure; empty if there was none. Valid until
    that thread's next call. */
CHORUS_API const char* chorus_last_error(void);

/** The instruction set that the vector loops use here: "avx512", "avx2" or "baseline". The environment variable CHORUS_ISA
    with one of these names sets a lower one, for measurements. */
CHORUS_API const char* chorus_isa(void);

/* ---- token_logprob: log softmax(z)_t of one target a row ---------------------------------- */

/**
 * logps [N], lse [N] and entropy [N], in nats, from logits [N, V] and targets [N] in [0, V):
 *
 *   lse_n = ln sum_v e^z_nv,   logps_n = z_nt - lse_n
 *   entropy_n = -sum_v p_nv ln p_nv,   p = softmax(z)
 *
 * logps are not multiplied by weights [N] (nullable: 1); only their zeros matter here. A logit of
 * -infinity is a masked entry of probability 0. Refused: NaN, +infinity, a target outside [0, V) or
 * on a masked entry.
 */
CHORUS_API chorus_status chorus_token_logprob_forward_f32(float* logps, float* lse, float* entropy,
                                                          const float* logits,
                                                          const int64_t* targets,
                                                          const float* weights, int64_t N,
                                                          int64_t V, int64_t stride);
CHORUS_API chorus_status chorus_token_logprob_forward_bf16(float* logps, float* lse, float* entropy,
                                                           const chorus_bf16* logits,
                                                           const int64_t* targets,
                                                           const float* weights, int64_t N,
                                                           int64_t V, int64_t stride);

/**
 * In place: logits [N, V] become the gradient of sum_n w_n dlogps_n logps_n with respect to them:
 *
 *   dlogits_nv = w_n dlogps_n (1[v = t_n] - exp(z_nv - lse_n))
 *
 * lse [N] is the forward's. Being f32 it gives each probability a relative error of |lse| 2^-24.
 * The elements between V and stride are left alone. Refused as in the forward, and where lse or
 * dlogps is not finite.
 */
CHORUS_API chorus_status chorus_token_logprob_backward_f32(float* logits, const int64_t* targets,
                                                           const float* lse, const float* dlogps,
                                                           const float* weights, int64_t N,
                                                           int64_t V, int64_t stride);
CHORUS_API chorus_status chorus_token_logprob_backward_bf16(chorus_bf16* logits,
                                                            const int64_t* targets,
                                                            const float* lse, const float* dlogps,
                                                            const float* weights, int64_t N,
                                                            int64_t V, int64_t stride);

/* ---- linear_logprob: a chunk of a language model's head ------------------------------------ */

/**
 * The rows of one chunk between two matrix products: logits [N, V] come in as h W^T, the product of hidden
 * states and head weight, and leave as the gradient with respect to it, so that no [tokens, V] tensor
 * is ever held. With bias [V] (nullable), scale (not 0; 1 for none) and soft_cap (0 for none):
 *
 *   u = scale (h W^T + bias),   z = soft_cap tanh(u / soft_cap) or u,   p = softmax(z)
 *   logps_n = sum_v t_nv ln p_nv          lse_n = ln sum_v e^z_nv          entropy_n = -sum_v p_nv ln p_nv
 *   kl_n    = sum_v t_nv ln(t_nv / p_nv)  (nullable)
 *   dlogits_nv = w_n dlogps_n (t_nv - p_nv sum_v t_nv) dz_nv/d(h W^T)_nv
 *                     (t is held constant; kl has the opposite gradient)
 *
 * The target t of a row is one of
 *  - one token: ids [N], k = 1, probabilities and dense null;
 *  - some tokens: ids [N, k] with probabilities s [N, k], k <= 64; id -1 is an unused slot. The rest of the mass
 *    keeps the shape of p over the other tokens, t_j = p_j (1 - sum s) / (1 - sum p_ids) (Cui et al.,
 *    arXiv:2406.03199, the authors' code); where 1 - sum p_ids < 1e-6 it is spread evenly over them;
 *  - dense [N, V], at least 0; ids null.
 *
 * Messages call a row by row_names [N] (nullable: its number in the chunk).
 * Without dlogps [N] (nullable) there is no gradient, and logits leave as z. logps are not multiplied by weights [N]
 * (nullable: 1). Refused: NaN and +infinity among the logits, a row with nothing but -infinity, a target outside of
 * [0, V) or with mass on a logit of -infinity (masked), probabilities below 0 or of a sum above 1 + 1e-5, dlogps
 * that is not finite.
 */
CHORUS_API chorus_status chorus_linear_logprob_rows_f32(
    float* logps, float* kl, float* lse, float* entropy, float* logits, const float* bias,
    const int64_t* ids, const float* probabilities, const float* dense, const float* weights,
    const float* dlogps, const int64_t* row_names, int64_t N, int64_t V, int64_t k, int64_t stride,
    double scale, double soft_cap);
CHORUS_API chorus_status chorus_linear_logprob_rows_bf16(
    float* logps, float* kl, float* lse, float* entropy, chorus_bf16* logits, const float* bias,
    const int64_t* ids, const float* probabilities, const float* dense, const float* weights,
    const float* dlogps, const int64_t* row_names, int64_t N, int64_t V, int64_t k, int64_t stride,
    double scale, double soft_cap);

/* ---- evidential: Dirichlet loss against several soft labels ------------------------------- */

enum {
  /** e = exp(z). */
  CHORUS_EVIDENCE_EXP = 0,
  /** e = ln(1 + exp(z)). */
  CHORUS_EVIDENCE_SOFTPLUS = 1,
  /** e = max(z, 0). A row with no z > 0 has no gradient. */
  CHORUS_EVIDENCE_RELU = 2
};

/**
 * loss [N], nll [N] and kl [N] (nullable), in nats, from logits [N, K] and soft labels [N, W, K] in
 * [0, 1] (Sensoy et al. 2018, arXiv:1806.01768, Eq. 3 and the KL term of section 4; several labels a
 * row as in Cui et al., arXiv:2406.03199):
 *
 *   alpha = 1 + e(z),   S = sum_k alpha_k
 *   NLL_i = sum_k y_ik (ln S - ln alpha_k)
 *   KL_i  = KL(Dir(1 + (1 - y_i) (alpha - 1)) || Dir(1))
 *   nll = sum_i lambda_i NLL_i,   kl = sum_i lambda_i KL_i,   loss = w (nll + kl_weight kl)
 *
 * lambda [N, W] (nullable: 1 / W) is finite and at least 0 and is not renormalised; a label of
 * lambda 0 is not looked at, and a row whose lambdas are all 0 counts as one of weight 0. weights
 * [N] is nullable (1). kl_weight is finite and at least 0. Labels need not sum to 1. For exp
 * evidence the KL term sees min(z, 40), beyond which it has no gradient; e^z would overflow. A
 * logit of -infinity is no evidence. Refused: NaN, +infinity, a label outside [0, 1 + 1e-5] (the
 * slack is for averages rounded to f32; the KL term sees min(y, 1)). Without kl and with kl_weight 0
 * the KL term is not computed.
 */
CHORUS_API chorus_status chorus_evidential_forward_f32(float* loss, float* nll, float* kl,
                                                       const float* logits, const float* targets,
                                                       const float* lambda, const float* weights,
                                                       int64_t N, int64_t W, int64_t K,
                                                       int64_t stride, int evidence,
                                                       double kl_weight);
CHORUS_API chorus_status chorus_evidential_forward_bf16(float* loss, float* nll, float* kl,
                                                        const chorus_bf16* logits,
                                                        const float* targets, const float* lambda,
                                                        const float* weights, int64_t N, int64_t W,
                                                        int64_t K, int64_t stride, int evidence,
                                                        double kl_weight);

/** dlogits [N, K], dense, is dloss_n times the gradient of loss_n; dloss [N] is finite. Inputs as
 * in the forward. With kl_weight 0 the KL term is not computed. */
CHORUS_API chorus_status chorus_evidential_backward_f32(float* dlogits, const float* dloss,
                                                        const float* logits, const float* targets,
                                                        const float* lambda, const float* weights,
                                                        int64_t N, int64_t W, int64_t K,
                                                        int64_t stride, int evidence,
                                                        double kl_weight);
CHORUS_API chorus_status chorus_evidential_backward_bf16(float* dlogits, const float* dloss,
                                                         const chorus_bf16* logits,
                                                         const float* targets, const float* lambda,
                                                         const float* weights, int64_t N, int64_t W,
                                                         int64_t K, int64_t stride, int evidence,
                                                         double kl_weight);

/** Both at once, for a dloss that is known beforehand, such as 1/N; they share most of their work. */
CHORUS_API chorus_status chorus_evidential_forward_backward_f32(
    float* loss, float* nll, float* kl, float* dlogits, const float* dloss, const float* logits,
    const float* targets, const float* lambda, const float* weights, int64_t N, int64_t W,
    int64_t K, int64_t stride, int evidence, double kl_weight);
CHORUS_API chorus_status chorus_evidential_forward_backward_bf16(
    float* loss, float* nll, float* kl, float* dlogits, const float* dloss,
    const chorus_bf16* logits, const float* targets, const float* lambda, const float* weights,
    int64_t N, int64_t W, int64_t K, int64_t stride, int evidence, double kl_weight);

/* ---- evidential_token: the same over a vocabulary, against a few tokens ------------------- */

/**
 * loss [N], nll [N] and kl [N] (nullable), in nats, of logits [N, V] as in chorus_evidential_forward_*
 * with K = V and one label y a row, of which ids [N, k] and probabilities s [N, k] name the likely
 * tokens; id -1 is an unused slot. The rest of the mass keeps the model's own shape p = softmax(z) over
 * the other tokens (Cui et al., arXiv:2406.03199, the authors' code):
 *
 *   y_id = s,   y_j = p_j (1 - sum s) / (1 - sum p_ids),   loss = w (NLL + kl_weight KL)
 *
 * Where 1 - sum p_ids < 1e-6, or no logit is above -600 with exp evidence, the rest is spread evenly
 * over the other tokens. With dloss [N] (nullable: no gradient, logits stay as they are) logits become,
 * in place, dloss_n times the gradient of loss_n, in which y is held constant. Refused: NaN and +infinity
 * among the logits, an id outside of [-1, V) or named twice, a probability outside of [0, 1 + 1e-5],
 * probabilities of a sum above 1 + 1e-5, dloss that is not finite.
 */
CHORUS_API chorus_status chorus_evidential_token_f32(
    float* loss, float* nll, float* kl, float* logits, const float* dloss, const int64_t* ids,
    const float* probabilities, const float* weights, int64_t N, int64_t V, int64_t k,
    int64_t stride, int evidence, double kl_weight);
CHORUS_API chorus_status chorus_evidential_token_bf16(
    float* loss, float* nll, float* kl, chorus_bf16* logits, const float* dloss, const int64_t* ids,
    const float* probabilities, const float* weights, int64_t N, int64_t V, int64_t k,
    int64_t stride, int evidence, double kl_weight);

/* ---- dpo: preference loss of sequence log-probabilities ------------------------------- */

/**
 * loss [P] and rewards [P] from the log-probabilities [P], in nats, that policy and reference give
 * to the chosen and the rejected answer (Rafailov et al., arXiv:2305.18290, Eq. 7; with flip > 0
 * the conservative DPO of Mitchell's note):
 *
 *   x = beta ((policy_chosen - ref_chosen) - (policy_rejected - ref_rejected))
 *   loss = w (softplus(-x) + flip x),   reward = beta (policy - ref)
 *
 * flip [P] in [0, 1] (nullable: 0) is the probability that the pair's labels are swapped; weights
 * [P] is nullable (1); beta is finite and above 0. Rewards are not multiplied by w. Refused: a
 * log-probability that is not finite.
 */
CHORUS_API chorus_status chorus_dpo_forward_f32(float* loss, float* chosen_rewards,
                                                float* rejected_rewards, const float* policy_chosen,
                                                const float* policy_rejected,
                                                const float* ref_chosen, const float* ref_rejected,
                                                const float* weights, const float* flip, int64_t P,
                                                double beta);

/**
 * dchosen [P] and drejected [P] are dloss_n times the gradients of loss_n with respect to
 * policy_chosen and policy_rejected: w beta (flip - sigma(-x)) and its opposite; dloss [P] is
 * finite. Other inputs as in the forward.
 */
CHORUS_API chorus_status chorus_dpo_backward_f32(float* dchosen, float* drejected,
                                                 const float* dloss, const float* policy_chosen,
                                                 const float* policy_rejected,
                                                 const float* ref_chosen, const float* ref_rejected,
                                                 const float* weights, const float* flip, int64_t P,
                                                 double beta);

#ifdef __cplusplus
}
#endif

#endif
