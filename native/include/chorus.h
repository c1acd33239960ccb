/**
 * The whole C interface of the Chorus kernels: plain pointers and sizes, nothing of LibTorch.
 *
 * Rules that hold for every function:
 *  - Tensors are dense and row-major. `stride` is the distance between two rows in elements,
 *    at least the row length.
 *  - Arguments come in this order: outputs, inputs, sizes, scalars, the element type. Where they are many they are the
 *    fields of a struct, which the function for CUDA of the same op takes too (chorus_cuda.h).
 *  - `type` is the element type of the pointers that are void: CHORUS_TYPE_F32 or _BF16 where nothing else is said.
 *    Messages have it behind the function's name: "token_logprob_forward_bf16: row 3: ...".
 *  - The caller owns every buffer; nothing is allocated, printed, or kept between calls.
 *    Outputs overlap no input.
 *  - "nullable" arguments may be null; so may every pointer when there are no rows.
 *  - Weights are finite and at least 0. A row of weight 0 is not looked at (it may hold anything)
 *    and gives 0 everywhere.
 *  - Bad values are found while a row is read. After an error the outputs hold nothing of use, a
 *    tensor that is changed in place included.
 *  - The result is CHORUS_OK or an error code; `chorus_last_error` then holds a message of
 *    the calling thread.
 *  - Letters: N rows, V vocabulary, K classes, W weak labels of one row or models, P preference pairs, S sequences.
 *  - Log-probabilities and losses are in nats.
 *  - bf16 are the upper halves of IEEE floats. Whatever the input, log-probabilities
 *    of a vocabulary are computed in f32 and summed in double; everything else, the evidential losses
 *    included, is computed in double. Results are f32 where their pointers say so.
 *  - Rows are shared among the OpenMP threads of the caller (pairs are not: too few to be worth it);
 *    results do not depend on their number.
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

enum {
  CHORUS_OK = 0,
  /** A null pointer, a negative size, a stride below the row length, a scalar outside its range. */
  CHORUS_INVALID_ARGUMENT = 1,
  /** An input value that no result can be computed from: NaN, or a target outside the vocabulary.
      Names the row. */
  CHORUS_INVALID_VALUE = 2,
  /** A failure inside the library. */
  CHORUS_INTERNAL = 3,
  /** A failure of CUDA: a launch, or something before it on the same device (chorus_cuda.h). */
  CHORUS_CUDA_ERROR = 4
};

/** Element types of tensors that are passed as void. */
enum {
  CHORUS_TYPE_F32 = 0,
  CHORUS_TYPE_BF16 = 1,
  /** Of the CUDA functions alone. */
  CHORUS_TYPE_F16 = 2,
  /** Of the special functions alone. */
  CHORUS_TYPE_F64 = 3,
  /** Of votes alone. */
  CHORUS_TYPE_I64 = 4
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
typedef struct chorus_token_logprob_forward_args {
  float* logps;
  float* lse;
  float* entropy;
  const void* logits;
  const int64_t* targets;
  const float* weights;
  int64_t N, V, stride;
  int type;
} chorus_token_logprob_forward_args;
CHORUS_API chorus_status chorus_token_logprob_forward(const chorus_token_logprob_forward_args* args);

/**
 * In place: logits [N, V] become the gradient of sum_n w_n dlogps_n logps_n with respect to them:
 *
 *   dlogits_nv = w_n dlogps_n (1[v = t_n] - exp(z_nv - lse_n))
 *
 * lse [N] is the forward's. Being f32 it gives each probability a relative error of |lse| 2^-24.
 * The elements between V and stride are left alone. Refused as in the forward, and where lse or
 * dlogps is not finite.
 */
typedef struct chorus_token_logprob_backward_args {
  void* logits;
  const int64_t* targets;
  const float* lse;
  const float* dlogps;
  const float* weights;
  int64_t N, V, stride;
  int type;
} chorus_token_logprob_backward_args;
CHORUS_API chorus_status chorus_token_logprob_backward(const chorus_token_logprob_backward_args* args);

/* ---- ensemble_logprob: several models' log-probabilities and those of their mixture --------- */

/**
 * W models of one vocabulary look at the same N tokens. logps, lse and entropy (nullable) [W, N] are as in
 * chorus_token_logprob_forward, of every model; the models' mixture p_n = sum_w omega_w p_wn gives mixture [N]; and
 * sequences are rows [offsets_s, offsets_(s + 1)):
 *
 *   mixture_n           = ln sum_w omega_w e^logps_wn
 *   sequence_logps_ws   = sum_n w_n logps_wn           [W, S]   n in sequence s
 *   sequence_mixture_s  = sum_n w_n mixture_n          [S]
 *
 * logits holds W pointers to [N, V] whose rows are strides_w apart. omega [W] is finite, at least 0 and sums to 1 within
 * 1e-6; a model of omega 0 is not looked at by the mixture. offsets [S + 1] (nullable: no sequences, S = 0) do not fall,
 * the first is 0 and the last N; the sums of an empty sequence are 0. weights [N] is nullable (1). Refused as in
 * chorus_token_logprob_forward, for every model; the message names model and row.
 */
typedef struct chorus_ensemble_logprob_forward_args {
  float* logps;
  float* lse;
  float* entropy;
  float* mixture;
  float* sequence_logps;
  float* sequence_mixture;
  const void* const* logits;
  const int64_t* targets;
  const float* weights;
  const float* omega;
  const int64_t* offsets;
  int64_t W, N, V;
  const int64_t* strides;
  int64_t S;
  int type;
} chorus_ensemble_logprob_forward_args;
CHORUS_API chorus_status chorus_ensemble_logprob_forward(const chorus_ensemble_logprob_forward_args* args);

/**
 * In place, in every model's logits: the gradient of
 *
 *   sum_wn w_n dlogps_wn logps_wn + sum_n w_n dmixture_n mixture_n
 *     + sum_ws dsequence_ws sequence_logps_ws + sum_s dsequence_mixture_s sequence_mixture_s
 *
 * that is, dlogps [W, N] and dmixture [N] come without the token's weight and are multiplied by it, as in
 * chorus_token_logprob_backward, and the sums of sequences have it already. With s the sequence of n:
 *
 *   r_wn        = omega_w p_wn / sum_i omega_i p_in          (p of the target: the model's responsibility)
 *   c_wn        = w_n (dlogps_wn + dsequence_ws + r_wn (dmixture_n + dsequence_mixture_s))
 *   dlogits_wnv = c_wn (1[v = t_n] - exp(z_wnv - lse_wn))
 *
 * Each of dlogps, dmixture, dsequence [W, S] and dsequence_mixture [S] is nullable (0), but not all of them. lse and logps
 * [W, N] are the forward's; logps is nullable without a gradient of a mixture. A row whose c is 0 becomes 0 and is not
 * looked at. No two models share logits. Refused as in the forward, and where lse or c is not finite.
 */
typedef struct chorus_ensemble_logprob_backward_args {
  void* const* logits;
  const int64_t* targets;
  const float* lse;
  const float* logps;
  const float* dlogps;
  const float* dmixture;
  const float* dsequence;
  const float* dsequence_mixture;
  const float* weights;
  const float* omega;
  const int64_t* offsets;
  int64_t W, N, V;
  const int64_t* strides;
  int64_t S;
  int type;
} chorus_ensemble_logprob_backward_args;
CHORUS_API chorus_status chorus_ensemble_logprob_backward(const chorus_ensemble_logprob_backward_args* args);

/**
 * The same S sequences as W models of different vocabularies and tokenizations read them: model w has logits [N_w, V_w]
 * with rows strides_w apart, targets, weights (nullable, all or one) [N_w] and offsets [S + 1] as above, and gives logps, lse
 * and entropy (nullable, all or one) [N_w]; rows and vocabularies [W] hold N_w and V_w. Only whole sequences can be mixed:
 *
 *   sequence_logps_ws  = sum_n w_wn logps_wn                       [W, S]   n in model w's sequence s
 *   sequence_means_ws  = sequence_logps_ws / sum_n w_wn            [W, S]   0 where no token has weight
 *   sequence_mixture_s = ln sum_w omega_w e^sequence_logps_ws      [S]
 *
 * omega as above. The arrays of pointers, omega, offsets and sizes are never null, unlike what they hold for a model without
 * rows. Refused as above.
 */
typedef struct chorus_ragged_ensemble_logprob_forward_args {
  float* const* logps;
  float* const* lse;
  float* const* entropy;
  float* sequence_logps;
  float* sequence_means;
  float* sequence_mixture;
  const void* const* logits;
  const int64_t* const* targets;
  const float* const* weights;
  const float* omega;
  const int64_t* const* offsets;
  int64_t W;
  const int64_t* rows;
  const int64_t* vocabularies;
  const int64_t* strides;
  int64_t S;
  int type;
} chorus_ragged_ensemble_logprob_forward_args;
CHORUS_API chorus_status chorus_ragged_ensemble_logprob_forward(
    const chorus_ragged_ensemble_logprob_forward_args* args);

/**
 * In place, in every model's logits: the gradient of
 * sum_ws dsequence_ws sequence_logps_ws + sum_s dsequence_mixture_s sequence_mixture_s, whose sums have the tokens' weights
 * already:
 *
 *   r_ws        = omega_w e^sequence_logps_ws / sum_i omega_i e^sequence_logps_is
 *   c_wn        = w_wn (dsequence_ws + r_ws dsequence_mixture_s)
 *   dlogits_wnv = c_wn (1[v = t_wn] - exp(z_wnv - lse_wn))
 *
 * dsequence [W, S] and dsequence_mixture [S] are nullable (0), but not both; a gradient of a mean goes into dsequence, divided
 * by the weights' sum. lse and sequence_logps [W, S] are the forward's; sequence_logps is nullable without dsequence_mixture,
 * and being f32 it gives r a relative error of up to |sequence_logps| 2^-23. Rows of c = 0, and what is refused, as in
 * chorus_ensemble_logprob_backward.
 */
typedef struct chorus_ragged_ensemble_logprob_backward_args {
  void* const* logits;
  const int64_t* const* targets;
  const float* const* lse;
  const float* sequence_logps;
  const float* dsequence;
  const float* dsequence_mixture;
  const float* const* weights;
  const float* omega;
  const int64_t* const* offsets;
  int64_t W;
  const int64_t* rows;
  const int64_t* vocabularies;
  const int64_t* strides;
  int64_t S;
  int type;
} chorus_ragged_ensemble_logprob_backward_args;
CHORUS_API chorus_status chorus_ragged_ensemble_logprob_backward(
    const chorus_ragged_ensemble_logprob_backward_args* args);

/* ---- linear_logprob: a chunk of a language model's head ------------------------------------ */

/**
 * The rows of one chunk between two matrix products: logits [N, V] come in as h W^T, the product of hidden
 * states and head weight, and leave as the gradient with respect to it, so that no [tokens, V] tensor
 * is ever held. With bias [V] (nullable), scale (not 0; 1 for none) and soft_cap (0 for none):
 *
 *   u = scale (h W^T + bias),   z = soft_cap tanh(u / soft_cap) or u,   p = softmax(z)
 *   logps_n = sum_v t_nv ln p_nv          lse_n = ln sum_v e^z_nv          entropy_n = -sum_v p_nv ln p_nv
 *   kl_n    = sum_v t_nv ln(t_nv / p_nv)  (nullable)          top1_n = max_v p_nv  (nullable)
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
typedef struct chorus_linear_logprob_rows_args {
  float* logps;
  float* kl;
  float* lse;
  float* entropy;
  float* top1;
  void* logits;
  const float* bias;
  const int64_t* ids;
  const float* probabilities;
  const float* dense;
  const float* weights;
  const float* dlogps;
  const int64_t* row_names;
  int64_t N, V, k, stride;
  double scale, soft_cap;
  int type;
} chorus_linear_logprob_rows_args;
CHORUS_API chorus_status chorus_linear_logprob_rows(const chorus_linear_logprob_rows_args* args);

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
 *
 * dlogits [N, K], dense, is dloss_n times the gradient of loss_n; dloss [N] is finite. With kl_weight 0 its KL term is not
 * computed.
 *
 * Forward where loss and nll (and kl) are given, backward where dlogits and dloss are, both at once, which share most of
 * their work, where all are; messages call that evidential_forward, _backward and _forward_backward.
 */
typedef struct chorus_evidential_args {
  float* loss;
  float* nll;
  float* kl;
  float* dlogits;
  const float* dloss;
  const void* logits;
  const float* targets;
  const float* lambda;
  const float* weights;
  int64_t N, W, K, stride;
  int evidence;
  double kl_weight;
  int type;
} chorus_evidential_args;
CHORUS_API chorus_status chorus_evidential(const chorus_evidential_args* args);

/* ---- evidential_token: the same over a vocabulary, against a few tokens ------------------- */

/**
 * loss [N], nll [N] and kl [N] (nullable), in nats, of logits [N, V] as in chorus_evidential
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
 * probabilities of a sum above 1 + 1e-5, dloss that is not finite. Messages call a row by row_names [N]
 * (nullable: its number).
 */
typedef struct chorus_evidential_token_args {
  float* loss;
  float* nll;
  float* kl;
  void* logits;
  const float* dloss;
  const int64_t* ids;
  const float* probabilities;
  const float* weights;
  const int64_t* row_names;
  int64_t N, V, k, stride;
  int evidence;
  double kl_weight;
  int type;
} chorus_evidential_token_args;
CHORUS_API chorus_status chorus_evidential_token(const chorus_evidential_token_args* args);

/* ---- preference: losses of pairs of answers, of which one was preferred -------------------- */

/**
 * The losses. c and r are the log-ratios log pi - log ref of the chosen and the rejected answer, h the
 * divergence's function of them, x = beta (h(c) - h(r)), n the lengths in tokens, and sp(x) = ln(1 + e^x).
 * Where a line names epsilon, it is the flip of the pair: the probability that its labels are swapped. The
 * others take neither flip nor epsilon. `parameter` is 0 but where a line names it.
 */
enum {
  /** sp(-x) + epsilon x, epsilon in [0, 1]: DPO (Rafailov et al., arXiv:2305.18290, Eq. 7); with epsilon > 0
      conservative DPO (Mitchell's note), stationary at the finite margin ln((1 - epsilon) / epsilon). */
  CHORUS_PREFERENCE_SIGMOID = 0,
  /** sp(-x) - epsilon x / (1 - 2 epsilon), epsilon in [0, 1/2): without bias under flips (Chowdhury et al.,
      arXiv:2403.00409). */
  CHORUS_PREFERENCE_ROBUST = 1,
  /** max(0, 1 - x) (Zhao et al., arXiv:2305.10425; Liu et al., arXiv:2309.06657). */
  CHORUS_PREFERENCE_HINGE = 2,
  /** (h(c) - h(r) - 1 / (2 beta))^2 (Azar et al., arXiv:2310.12036). */
  CHORUS_PREFERENCE_IPO = 3,
  /** The same on h(c) / n_c - h(r) / n_r. */
  CHORUS_PREFERENCE_IPO_MEAN = 4,
  /** KL((sigma(x), sigma(-x)) || (1 - epsilon, epsilon)), epsilon in (0, 1) (Ji et al., arXiv:2402.00856). */
  CHORUS_PREFERENCE_EXO = 5,
  /** sp(-beta h(c)) + sp(beta h(c)) / 2 + sp(beta h(r)) / 2 (Chen et al., arXiv:2402.05369). */
  CHORUS_PREFERENCE_NCA = 6,
  /** sp(parameter - beta h(c)) + sp(beta h(r) - parameter), parameter finite: 0, or a running mean of the
      rewards (Jung et al., arXiv:2404.04656). */
  CHORUS_PREFERENCE_BCO = 7,
  /** (h(c) - 1 / (2 beta))^2 + (h(r) + 1 / (2 beta))^2 (Wu et al., arXiv:2405.00675). */
  CHORUS_PREFERENCE_SPPO = 8,
  /** The sigmoid's on the k-th smallest policy_chosen - policy_rejected of the batch less the k-th smallest
      ref_chosen - ref_rejected (Melnyk et al., arXiv:2406.05882). */
  CHORUS_PREFERENCE_AOT = 9,
  /** ... on the k-th smallest c less the k-th smallest r. */
  CHORUS_PREFERENCE_AOT_UNPAIRED = 10,
  /** sigma(-beta c) + sigma(beta r) (D'Oosterlinck et al., arXiv:2408.06266). */
  CHORUS_PREFERENCE_APO_ZERO = 11,
  /** sigma(beta c) + sigma(-x) (as above). */
  CHORUS_PREFERENCE_APO_DOWN = 12,
  /** sp(-x) (1 - g) + e^-x g, g = sigma(x / parameter), parameter > 0 (Lu et al., arXiv:2406.08414). */
  CHORUS_PREFERENCE_DISCOPOP = 13,
  /** The sigmoid's on beta (h(c) / n_c - h(r) / n_r). */
  CHORUS_PREFERENCE_SIGMOID_MEAN = 14
};

/**
 * h(u) for the f-divergence that ties the policy to its reference (Wang et al., arXiv:2309.16240). Exponents end
 * at 80; beyond, h is constant. AOT, AOT_UNPAIRED and APO_ZERO are defined for reverse KL alone.
 */
enum {
  /** u. */
  CHORUS_DIVERGENCE_REVERSE_KL = 0,
  /** -e^-u. */
  CHORUS_DIVERGENCE_FORWARD_KL = 1,
  /** ln sigma(u). */
  CHORUS_DIVERGENCE_JS = 2,
  /** e^((alpha - 1) u) / (alpha - 1); u for alpha 1. Beside 1, h loses 1e-16 / |alpha - 1|. */
  CHORUS_DIVERGENCE_ALPHA = 3
};

/** What `totals` holds: sums over the pairs whose weight is not 0. */
enum {
  /** Of the losses, multiplied by their weights. */
  CHORUS_PREFERENCE_LOSS_SUM = 0,
  /** Of chosen_rewards - rejected_rewards. */
  CHORUS_PREFERENCE_MARGIN_SUM = 1,
  /** Pairs whose chosen reward is above the rejected one. */
  CHORUS_PREFERENCE_RIGHT = 2,
  /** Pairs. */
  CHORUS_PREFERENCE_PAIRS = 3,
  CHORUS_PREFERENCE_TOTALS = 4
};

/** How many doubles chorus_preference asks for as workspace; 0 (it may be null) but for the kinds that sort. */
CHORUS_API int64_t chorus_preference_workspace(int kind, int64_t P);

/**
 * loss [P], in nats, its gradient and the rewards from the log-probabilities [P], in nats, that policy and reference
 * give to the chosen and the rejected answer: one call for forward and backward.
 *
 *   loss_p = w_p l_p                                l of the kind, as above
 *   dchosen_p = upstream dloss_p d loss_p / d policy_chosen_p,   drejected alike
 *   reward_p = beta (policy_p - ref_p)              not multiplied by the weight
 *
 * Nullable: dchosen and drejected (together), the rewards (together), totals [CHORUS_PREFERENCE_TOTALS], ref_chosen
 * and ref_rejected (together; then log ref = 0), weights, dloss (1), flip (epsilon for every pair; otherwise epsilon is
 * not looked at). Lengths [P], at least 1, are looked at for the _MEAN kinds only. alpha is looked at for its
 * divergence only.
 *
 * The kinds that sort take the pairs of weight 0 out before; the other weights must be equal, because a weight belongs
 * to a pair, and sorted values of different pairs meet. For the same reason they take epsilon but no flip. Equal values
 * keep the order of their pairs. The loss of two values that meet goes to the pair of the first named above, and so do
 * its dloss and weight; the gradient goes to the answers that the values come from.
 *
 * Refused: a log-probability or dloss that is not finite, a flip outside the kind's range, a result that f32 cannot
 * hold. Everything is computed in double by one thread.
 */
typedef struct chorus_preference_args {
  float* loss;
  float* dchosen;
  float* drejected;
  float* chosen_rewards;
  float* rejected_rewards;
  double* totals;
  void* workspace;
  const void* policy_chosen;
  const void* policy_rejected;
  const void* ref_chosen;
  const void* ref_rejected;
  const int64_t* chosen_lengths;
  const int64_t* rejected_lengths;
  const float* weights;
  const float* flip;
  const float* dloss;
  int64_t P;
  int kind;
  double beta, epsilon, parameter;
  int divergence;
  double alpha, upstream;
  int type;
} chorus_preference_args;
CHORUS_API chorus_status chorus_preference(const chorus_preference_args* args);

/** How many doubles chorus_preference_tokens asks for as workspace. */
CHORUS_API int64_t chorus_preference_tokens_workspace(int kind, int64_t P);

/**
 * The same from the log-probabilities of tokens, policy_tokens [offsets_2P]: answer 2p is the chosen one of pair p and
 * 2p + 1 the rejected, with the tokens from offsets_i up to offsets_i+1; offsets [2P + 1] begin with 0 and do not fall.
 *
 *   policy_p = sum_t v_t policy_tokens_t            v are token_weights (nullable: 1)
 *   dtokens_t = v_t dchosen_p or v_t drejected_p
 *
 * The reference is ref_tokens, summed with the same weights, or the sums ref_chosen and ref_rejected [P], or neither.
 * Lengths are the numbers of tokens of a weight above 0; a token of weight 0 is not looked at. A pair of which an
 * answer has no such token counts as one of weight 0. dtokens is nullable; everything else is as above.
 */
typedef struct chorus_preference_tokens_args {
  float* loss;
  float* dtokens;
  float* chosen_rewards;
  float* rejected_rewards;
  double* totals;
  void* workspace;
  const void* policy_tokens;
  const void* ref_tokens;
  const float* ref_chosen;
  const float* ref_rejected;
  const int64_t* offsets;
  const float* token_weights;
  const float* weights;
  const float* flip;
  const float* dloss;
  int64_t P;
  int kind;
  double beta, epsilon, parameter;
  int divergence;
  double alpha, upstream;
  int type;
} chorus_preference_tokens_args;
CHORUS_API chorus_status chorus_preference_tokens(const chorus_preference_tokens_args* args);

/* ---- dirichlet_posterior: class probabilities of items from several labelers' answers ------ */

/**
 * The Dirichlet posterior of each item and how unsure it is, from answers, which are votes [N, W] (type
 * CHORUS_TYPE_I64; -1: no answer) or soft labels [N, W, K] (f32 or bf16):
 *
 *   alpha_nk = prior_k + sum_w v_w [votes_nw = k]
 *   alpha_nk = prior_k + sum_w v_w lambda_nw labels_nwk
 *
 *   S = sum_k alpha_k,   p = alpha / S,   label = the class of the largest p, the lowest on ties
 *   belief   = (alpha - 1) / S,   variance = p (1 - p) / (S + 1)
 *   total    = -sum_k p_k ln p_k
 *   expected = -sum_k p_k (psi(alpha_k + 1) - psi(S + 1))
 *   mutual   = total - expected, at least 0
 *   differential = sum_k lnGamma(alpha_k) - lnGamma(S) + (S - K) psi(S) - sum_k (alpha_k - 1) psi(alpha_k)
 *   epkl     = (K - 1) / S,   vacuity = K / S
 *
 * (Gelman et al., Bayesian Data Analysis, 3.4; the measures: Malinin and Gales 2018, arXiv:1802.10501; belief and vacuity:
 * Sensoy et al. 2018, arXiv:1806.01768.) alpha, p, belief, variance are [N, K], the others [N], entropies in nats; each is
 * nullable, and what only a null result needs is not computed. In forms that do not cancel where S is large.
 *
 * v = labeler_weights [W], nullable (1), and lambda [N, W], nullable (1), null with votes, are finite and at least 0: the
 * number of votes that an answer counts for. An answer of weight 0 is not looked at: that is how a missing soft label is
 * left out. prior [K] is finite and above 0. Of weights [N], nullable, only the zeros matter: such a row is not looked at,
 * its label is -1 and its other results are 0. Labels need not sum to 1. Refused: a vote that is neither -1 nor in [0, K), a
 * label that is NaN or outside [0, 1 + 1e-5]. There is no backward: a vote has no gradient, and soft labels are data.
 */
typedef struct chorus_dirichlet_posterior_args {
  float* alpha;
  float* p;
  float* belief;
  float* variance;
  int64_t* label;
  float* total;
  float* expected;
  float* mutual;
  float* differential;
  float* epkl;
  float* vacuity;
  const void* answers;
  const float* lambda;
  const float* labeler_weights;
  const float* prior;
  const float* weights;
  int64_t N, W, K;
  int type;
} chorus_dirichlet_posterior_args;
CHORUS_API chorus_status chorus_dirichlet_posterior(const chorus_dirichlet_posterior_args* args);

/* ---- special functions: lnGamma and its derivatives ------------------------------------ */

/**
 * y [count] = ln Gamma(x), psi(x) = d lnGamma / dx (digamma) or psi1(x) = d psi / dx (trigamma) of x [count] above 0, both of
 * CHORUS_TYPE_F32 or _F64. The relative error is below 2e-13 in f64, also next to the zeros (lnGamma at 1 and 2, psi at
 * 1.4616), and one rounding in f32. Infinity gives infinity, and trigamma 0. Refused: NaN, zero and negative numbers; the
 * element is named.
 */
CHORUS_API chorus_status chorus_lngamma(void* y, const void* x, int64_t count, int type);
CHORUS_API chorus_status chorus_digamma(void* y, const void* x, int64_t count, int type);
CHORUS_API chorus_status chorus_trigamma(void* y, const void* x, int64_t count, int type);

/* ---- paged_attention: queries against a key-value cache in pages -------------------------- */

enum {
  /** Tokens of a page. */
  CHORUS_PAGE_TOKENS = 16,
  /** The widest attention head. */
  CHORUS_MAX_HEAD_WIDTH = 512
};

/**
 * Writes k and v [N, G, d] of N tokens, rows k_stride and v_stride apart (slices of one product), to one layer's cache
 *
 *   keys   [pages, G, d, 16]   transposed inside a page
 *   values [pages, G, 16, d]
 *
 * at slots [N] = page * 16 + place; no slot comes twice in a call. What stood in other places stays. Refused: a slot
 * outside of [0, 16 pages), before anything is written.
 */
CHORUS_API chorus_status chorus_paged_append(void* keys, void* values, const void* k, const void* v,
                                             const int64_t* slots, int64_t N, int64_t G, int64_t d, int64_t pages,
                                             int64_t k_stride, int64_t v_stride, int type);

/**
 * out [N, H, d] from queries q [N, H, d], rows out_stride and q_stride apart, and the cache above (pages after Kwon et al.,
 * arXiv:2309.06180). Query n belongs to row r = row_n of table [rows, max_pages], whose entry i is the page of the positions
 * 16 i to 16 i + 15, and sees the positions from max(0, length_n - window) (window 0: from 0) up to length_n - 1. Query
 * head h reads key-value head h / (H / G); H is a multiple of G.
 *
 *   s_j = scale q_nh . k_j,   soft_cap tanh(s_j / soft_cap) unless soft_cap is 0,   + slopes_h (j - (length_n - 1))
 *   out_nh = sum_j softmax(s)_j v_j
 *
 * slopes [H] (nullable: 0) are those of ALiBi (Press et al., arXiv:2108.12409). Rows may share pages. Queries of one row that
 * follow one another share the work of loading its cache; the result of a query does not depend, to the bit, on which queries
 * are in the call, as long as values are finite. Entries of the table beyond a query's positions, and places of the cache that
 * no query sees, may hold anything. Everything is computed in f32. Refused: a row outside the table, a length outside of [1, 16
 * max_pages], an entry that a query needs outside of [0, pages); NaN is not looked for. d is at most CHORUS_MAX_HEAD_WIDTH, and
 * multiples of 16 are fast.
 */
typedef struct chorus_paged_attention_args {
  void* out;
  const void* q;
  const void* keys;
  const void* values;
  const int32_t* table;
  const int32_t* row;
  const int32_t* length;
  const float* slopes;
  int64_t N, H, G, d, pages, rows, max_pages, q_stride, out_stride;
  double scale, soft_cap;
  int64_t window;
  int type;
} chorus_paged_attention_args;
CHORUS_API chorus_status chorus_paged_attention(const chorus_paged_attention_args* args);

/* ---- residual_rms_norm: what a layer gave joins the residual stream, which is normalised ---- */

/**
 * y [N, C] from the residual stream x [N, C], which first takes in delta [N, C] (nullable), in place (Zhang and Sennrich,
 * arXiv:1910.07467):
 *
 *   x += delta
 *   y_nc = x_nc / sqrt(mean_c x_nc^2 + eps) (weight_c + offset)
 *
 * weight [C]; offset is 0, or 1 for checkpoints that store weight - 1 (Gemma). y, delta and weight are f32 or bf16, each as its
 * type says, x is f32. Rows lie their strides apart; delta_stride and delta_type matter where there is a delta, though its type
 * must be one of the two. Everything is computed in f32, squares are summed in double every 256 vectors. eps is above 0.
 * NaN is not looked for.
 */
CHORUS_API chorus_status chorus_residual_rms_norm(void* y, float* x, const void* delta, const void* weight, int64_t N,
                                                  int64_t C, int64_t y_stride, int64_t x_stride, int64_t delta_stride,
                                                  int y_type, int delta_type, int weight_type, double eps, double offset);

/* ---- rotary: positions as angles of pairs of channels -------------------------------------- */

/**
 * In place on x [N, heads, d], rows `stride` apart (Su et al., arXiv:2104.09864; channel i is paired with i + r / 2, as in the
 * checkpoints of Llama and GPT-NeoX), for i < r / 2 and p = positions_n:
 *
 *   x_i, x_(i + r / 2)  =  x_i cos_pi - x_(i + r / 2) sin_pi,  x_(i + r / 2) cos_pi + x_i sin_pi
 *
 * cos and sin are [rows, r / 2] f32; r is even and at most d, channels from r on stay. Computed in f32. Refused: a position
 * outside of [0, rows), before anything is changed; NaN is not looked for.
 */
CHORUS_API chorus_status chorus_rotary(void* x, const float* cos, const float* sin, const int64_t* positions, int64_t N,
                                       int64_t heads, int64_t d, int64_t r, int64_t rows, int64_t stride, int type);

/* ---- gated_activation: between the products of a gated feed-forward layer ------------------ */

enum {
  /** x / (1 + e^-x). */
  CHORUS_ACTIVATION_SILU = 0,
  /** x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (Hendrycks and Gimpel, arXiv:1606.08415). */
  CHORUS_ACTIVATION_GELU_TANH = 1,
  /** x (1 + erf(x / sqrt(2))) / 2 (as above). */
  CHORUS_ACTIVATION_GELU_ERF = 2
};

/**
 * out [N, F] = act(gate) up of gate and up [N, F] (Shazeer, arXiv:2002.05202), rows their strides apart, as slices of one
 * product are. out may be gate, with its stride. Computed in f32; NaN is not looked for, and stays.
 */
CHORUS_API chorus_status chorus_gated_activation(void* out, const void* gate, const void* up, int64_t N, int64_t F,
                                                 int64_t out_stride, int64_t gate_stride, int64_t up_stride,
                                                 int activation, int type);

/* ---- thin_linear: a dense layer over few rows ----------------------------------------------- */

/**
 * y [N, O] = x W^T + bias of x [N, I], rows y_stride and x_stride apart, W [O, I] dense and bias [O] (nullable), all of one type;
 * sums are f32. For the few rows of a step of generation: W is read once and never packed. The time grows with N as that of
 * N separate rows once W has arrived; from some hundred rows on a general product is faster. A row's result does not depend,
 * to the bit, on which rows are in the call. y shares no memory with an input. NaN is not looked for, and stays.
 */
CHORUS_API chorus_status chorus_thin_linear(void* y, const void* x, const void* weight, const void* bias, int64_t N,
                                            int64_t I, int64_t O, int64_t y_stride, int64_t x_stride, int type);

#ifdef __cplusplus
}
#endif

#endif
