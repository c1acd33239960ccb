package dev.chorus.kernels;

/**
 * A kernel refused its input or failed. Nothing is returned, and a tensor that the call was to change in place holds nothing
 * of use: bad values are found while rows are worked on.
 *
 * <p>The message holds the op, the shape and dtype it ran on, and the native text, which names the first bad row.
 */
public final class KernelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What a kernel answered, as {@code chorus.h} numbers it. */
    public enum Status {
        /** A pointer, size or scalar was refused: an error of the caller's program. */
        INVALID_ARGUMENT,
        /** A value was refused, such as a NaN logit: an error in the data or a diverged model. */
        INVALID_VALUE,
        /** A failure inside the library. */
        INTERNAL,
        /**
         * CUDA failed, now or in a launch before on the same device, or is not there. The text is the driver's and says whether the
         * context can still be used.
         */
        CUDA
    }

    private final String op;
    private final Status status;
    private final String dtype;

    KernelException(String op, Status status, String shape, String dtype, String nativeText) {
        super(op + " failed on " + shape + " " + dtype + ": " + nativeText);
        this.op = op;
        this.status = status;
        this.dtype = dtype;
    }

    /** Name of the op, such as {@code token_logprob_forward}. */
    public String op() {
        return op;
    }

    /** What kind of failure it was. */
    public Status status() {
        return status;
    }

    /** Element type of the logits or other main input: {@code f32}, {@code bf16} or {@code f16}; {@code any} of several calls. */
    public String dtype() {
        return dtype;
    }
}
