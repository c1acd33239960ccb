/**
 * The whole C interface of the Chorus kernels: plain pointers and sizes, nothing of LibTorch.
 *
 * Rules that hold for every function:
 *  - Tensors are dense and row-major. `stride` is the distance between two rows in elements, at least the row length.
 *  - Arguments come in this order: outputs, inputs, sizes, scalars.
 *  - The caller owns every buffer; nothing is allocated, printed, or kept between calls.
 *  - The result is CHORUS_OK or an error code; `chorus_last_error` then holds a message of the calling thread.
 *  - Letters: N rows, V vocabulary, K classes, W weak labels of one row, P preference pairs.
 *  - Log-probabilities and losses are in nats. Arithmetic inside a row is done in double.
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
  /** An input value that no result can be computed from: NaN, or a target outside the vocabulary. Names the row. */
  CHORUS_INVALID_VALUE = 2,
  /** A failure inside the library. */
  CHORUS_INTERNAL = 3
};

/** The message of the calling thread's last failure; empty if there was none. Valid until that thread's next call. */
CHORUS_API const char* chorus_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
