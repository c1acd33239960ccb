/**
 * The CUDA half of chorus.h: the same ops on a device's memory, in a library of its own (libchorus_cuda).
 *
 * Arguments, equations, shapes, and what is refused are those of the functions without `cuda` in chorus.h. What differs:
 *  - Tensors are in the memory of the current device, arrays of pointers and of strides, and the struct of arguments itself,
 *    in the host's; the struct is not looked at after the call.
 *  - The element type may also be CHORUS_TYPE_F16.
 *  - Kernels are launched on `stream` (a cudaStream_t; null is the default stream) and are not waited for. Nothing is
 *    allocated. CHORUS_SYNC=1 in the environment waits after each launch, to find the one that fails.
 *  - Bad arguments are refused at once. Bad values are found by the kernels: the results of a bad row are NaN, and the first
 *    one is kept in the 64-bit word `fault` on the device (nullable: not told), which the caller has set by
 *    chorus_cuda_clear_fault. Several launches may share a word. Once the stream has come to an end,
 *    chorus_cuda_fault_status makes a status and a message of the word.
 *  - Elements are computed in f32, sums over a row are collected in double, the preference losses are computed in double.
 *    Sums have one order: the same inputs on the same device give the same bits. No result depends on an atomic but the fault.
 *  - A failure of CUDA is CHORUS_CUDA_ERROR; its message says whether the context can still be used.
 */
#ifndef CHORUS_CUDA_H
#define CHORUS_CUDA_H

#include "chorus.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The message of the calling thread's last failure in this library, as chorus_last_error. */
CHORUS_API const char* chorus_cuda_last_error(void);

/* ---- the device ---------------------------------------------------------------------------- */

/** What this library and this machine have. Versions are as CUDA writes them: 13000 is 13.0; 0 is none. */
enum {
  /** The newest CUDA that the driver knows. */
  CHORUS_CUDA_DRIVER_VERSION = 0,
  /** The CUDA runtime in this library. */
  CHORUS_CUDA_RUNTIME_VERSION = 1,
  CHORUS_CUDA_DEVICES = 2,
  CHORUS_CUDA_COUNTS = 3
};

/** counts [CHORUS_CUDA_COUNTS]. CHORUS_CUDA_ERROR with the driver's text where there is no driver or no device. */
CHORUS_API chorus_status chorus_cuda_probe(int64_t* counts);

enum {
  /** Compute capability: 90 is 9.0. */
  CHORUS_CUDA_CAPABILITY = 0,
  CHORUS_CUDA_MULTIPROCESSORS = 1,
  /** Bytes. */
  CHORUS_CUDA_MEMORY = 2,
  /** Bytes of the second-level cache. */
  CHORUS_CUDA_CACHE = 3,
  CHORUS_CUDA_PROPERTIES = 4
};

/** properties [CHORUS_CUDA_PROPERTIES] and the zero-ended name of a device. */
CHORUS_API chorus_status chorus_cuda_device(int64_t* properties, char* name, int64_t name_bytes, int device);

/** Makes a device the calling thread's current one, and tells which was. */
CHORUS_API chorus_status chorus_cuda_use_device(int device, int* previous);

/** Whether this library has code for the current device: a kernel that does nothing is launched and waited for. */
CHORUS_API chorus_status chorus_cuda_self_test(void);

/** No fault, on the stream. */
CHORUS_API chorus_status chorus_cuda_clear_fault(uint64_t* fault, void* stream);

/** Copies the word to the host, waits for the stream, and is CHORUS_INVALID_VALUE if a kernel has found a bad value: then
 * chorus_cuda_last_error names the op, the row and the reason. */
CHORUS_API chorus_status chorus_cuda_fault_status(const uint64_t* fault, void* stream);

/** The same of a word that has been copied already. */
CHORUS_API chorus_status chorus_cuda_fault_of(uint64_t word);

/* ---- token_logprob -------------------------------------------------------------------------- */

CHORUS_API chorus_status chorus_cuda_token_logprob_forward(
    const chorus_token_logprob_forward_args* args, uint64_t* fault, void* stream);
CHORUS_API chorus_status chorus_cuda_token_logprob_backward(
    const chorus_token_logprob_backward_args* args, uint64_t* fault, void* stream);

/* ---- ensemble_logprob ----------------------------------------------------------------------- */

enum {
  /** The most models of a call. */
  CHORUS_CUDA_MOST_MODELS = 64
};

/** logits [W] and strides [W] are arrays of the host; omega and offsets are on the device. A fault's row is that of a model:
 * 16 bits of the model, 32 of its row. */
CHORUS_API chorus_status chorus_cuda_ensemble_logprob_forward(
    const chorus_ensemble_logprob_forward_args* args, uint64_t* fault, void* stream);
CHORUS_API chorus_status chorus_cuda_ensemble_logprob_backward(
    const chorus_ensemble_logprob_backward_args* args, uint64_t* fault, void* stream);

/** All arrays of pointers, rows, vocabularies and strides [W] are the host's; omega is on the device. Faults as above. */
CHORUS_API chorus_status chorus_cuda_ragged_ensemble_logprob_forward(
    const chorus_ragged_ensemble_logprob_forward_args* args, uint64_t* fault, void* stream);
CHORUS_API chorus_status chorus_cuda_ragged_ensemble_logprob_backward(
    const chorus_ragged_ensemble_logprob_backward_args* args, uint64_t* fault, void* stream);

/* ---- linear_logprob ------------------------------------------------------------------------- */

/** The matrix products around it are cuBLAS's, called by whoever calls this. row_names [N] are on the device. */
CHORUS_API chorus_status chorus_cuda_linear_logprob_rows(const chorus_linear_logprob_rows_args* args, uint64_t* fault,
                                                         void* stream);

/* ---- evidential ----------------------------------------------------------------------------- */

CHORUS_API chorus_status chorus_cuda_evidential(const chorus_evidential_args* args, uint64_t* fault, void* stream);
CHORUS_API chorus_status chorus_cuda_evidential_token(const chorus_evidential_token_args* args, uint64_t* fault,
                                                      void* stream);

/* ---- preference ----------------------------------------------------------------------------- */

/** How many bytes of the device's memory the two functions below ask for as workspace, aligned to 16 bytes. */
CHORUS_API int64_t chorus_cuda_preference_workspace(int kind, int64_t P);
CHORUS_API int64_t chorus_cuda_preference_tokens_workspace(int kind, int64_t P);

/** Sorting kinds compare every value with every other one: P of 65,536 is four thousand million comparisons. */
CHORUS_API chorus_status chorus_cuda_preference(const chorus_preference_args* args, uint64_t* fault, void* stream);
CHORUS_API chorus_status chorus_cuda_preference_tokens(const chorus_preference_tokens_args* args, uint64_t* fault,
                                                       void* stream);

/* ---- dirichlet_posterior -------------------------------------------------------------------- */

CHORUS_API chorus_status chorus_cuda_dirichlet_posterior(const chorus_dirichlet_posterior_args* args, uint64_t* fault,
                                                         void* stream);

#ifdef __cplusplus
}
#endif

#endif
