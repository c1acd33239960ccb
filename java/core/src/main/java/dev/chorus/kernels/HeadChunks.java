package dev.chorus.kernels;

import dev.chorus.kernels.KernelArguments.LogitType;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Hidden states through a language model's head in chunks: which rows count, how many fit into the budget at a time, and the
 * matrix products. What happens to a chunk of logits between them is a {@link Step}'s business.
 */
final class HeadChunks {
    /** The weight's gradient in bf16 is made in blocks of its rows, each of at most this share of the budget. */
    private static final int BLOCK_SHARE = 8;

    /**
     * On a GPU rows of logits begin at multiples of so many bytes: cuBLAS and the kernels then move 16 bytes at a time whatever
     * the vocabulary's size is.
     */
    private static final int ROW_ALIGNMENT = 128;

    /** The kernel between the products. */
    interface Step {
        /** The op's name, for messages. */
        String op();

        /** Numbers that each row gives, f32. */
        int results();

        /** Bytes that a row needs for copies of what the step picks. */
        long bytesOfCopies();

        /**
         * Computes a chunk.
         *
         * @param logits [n, V] {@code h W^T}, rows dense and perhaps strided; with a gradient wanted, left as the gradient with
         *               respect to it
         * @param out    [results, n] f32, contiguous, to be filled
         */
        void compute(Chunk chunk, Tensor logits, Tensor out);
    }

    /**
     * Some of the rows that count.
     *
     * @param first    among those that count
     * @param count    n
     * @param names    [n] int64: numbers of the rows in the call
     * @param isWhole  whether every row of the call counts, so that rows are views and not copies
     */
    record Chunk(int first, int count, Tensor names, boolean isWhole) {
        /** The chunk's rows of an argument with one for each row of the call; null for null. */
        Tensor pick(Tensor argument) {
            if (argument == null) {
                return null;
            }
            return isWhole ? argument.narrow(0, first, count) : argument.index_select(0, names);
        }
    }

    private final Tensor hidden;
    private final LanguageHead head;
    private final Step step;
    private final boolean withGradient;
    private final long rows;
    private final long width;
    private final long vocabulary;
    private final LogitType type;
    private final boolean half;
    private final Place place;
    /** Numbers of the rows that count; null if all do. */
    private final long[] kept;

    /** Elements from one row of logits to the next. */
    private final long stride;

    private final int chunkRows;
    private final int weightBlock;

    /**
     * Checks hidden states, head and weights; the step's arguments are the caller's.
     *
     * @param withGradient whether the step turns logits into their gradient
     */
    HeadChunks(Tensor hidden, LanguageHead head, Tensor weights, Step step, boolean withGradient, long budget) {
        this.hidden = hidden;
        this.head = head;
        this.step = step;
        this.withGradient = withGradient;
        rows = rows(hidden);
        width = hidden.size(1);
        vocabulary = vocabulary(head);
        place = Place.of("hidden", hidden);
        type = KernelArguments.checkLogits(place, "hidden", hidden, rows, width);
        half = type != LogitType.F32;
        KernelArguments.check(place, "weight", head.weight(), type.dtype, vocabulary, width);
        if (vocabulary < 1 || width < 1) {
            throw new IllegalArgumentException("weight: expected at least one token and one dimension, got shape ["
                    + vocabulary + ", " + width + "]");
        }
        if (head.bias() != null) {
            KernelArguments.floats(place, "bias", head.bias(), vocabulary);
        }
        if (weights == null) {
            kept = null;
        } else {
            KernelArguments.floats(place, "weights", weights, rows);
            // From a GPU this waits, as the number of rows that count decides the sizes of the products.
            try (Scope scope = new Scope()) {
                kept = keptRows(Tensors.toFloats(weights.cpu()));
            }
        }
        long alignment = place.isCuda() ? ROW_ALIGNMENT / bytes() : 1;
        stride = (vocabulary + alignment - 1) / alignment * alignment;
        weightBlock = weightBlock(budget);
        chunkRows = chunkRows(budget);
    }

    static long rows(Tensor hidden) {
        return KernelArguments.size("hidden", hidden, 0, "N", "C");
    }

    static long vocabulary(LanguageHead head) {
        return KernelArguments.size("weight", head.weight(), 0, "V", "C");
    }

    /** Results [results, N]; rows that do not count are 0. */
    Tensor forward() {
        return run(null, null);
    }

    /** An uninitialised gradient of the hidden states, and zeros where rows do not count. */
    Tensor emptyHiddenGradient() {
        return kept == null ? empty(rows, width) : empty(rows, width).zero_();
    }

    /** As {@link #forward}, fills dhidden [N, C] and adds to the accumulators, which may be null. */
    Tensor forwardBackward(Tensor dhidden, HeadGradients accumulators) {
        if (accumulators != null) {
            KernelArguments.floats(place, "dweight", accumulators.dweight(), vocabulary, width);
            if (accumulators.dbias() != null) {
                KernelArguments.floats(place, "dbias", accumulators.dbias(), vocabulary);
            }
            if (accumulators.dbias() != null && head.bias() == null) {
                throw new IllegalArgumentException("dbias: expected null, as the head has no bias");
            }
        }
        return run(dhidden, accumulators);
    }

    private Tensor run(Tensor dhidden, HeadGradients accumulators) {
        int columns = step.results();
        Tensor results = place.empty(ScalarType.Float, columns, rows);
        if (kept != null) {
            results.zero_();
        }
        int count = kept == null ? Math.toIntExact(rows) : kept.length;
        if (count > 0) {
            // One wait for all chunks, and none where the caller has put it off.
            CudaFaults callers = CudaFaults.current(place);
            try (Scope scope = new Scope();
                    CudaFaults faults = callers == null ? CudaFaults.deferred(place) : null) {
                int chunks = (count - 1) / chunkRows + 1;
                // Of nearly equal size: a short last one would run at a worse rate.
                int size = (count - 1) / chunks + 1;
                Tensor logits = empty(size, stride).narrow(1, 0, vocabulary);
                Tensor names = kept == null ? place.range(count) : place.bring(Tensors.longs(kept, count));
                for (int first = 0; first < count; first += size) {
                    int n = Math.min(size, count - first);
                    Chunk chunk = new Chunk(first, n, names.narrow(0, first, n), kept == null);
                    compute(chunk, logits, results, dhidden, accumulators);
                }
                if (faults != null) {
                    faults.check(step.op(), "[N=" + rows + ", V=" + vocabulary + "]", type.text);
                }
            }
        }
        return results;
    }

    private void compute(Chunk chunk, Tensor buffer, Tensor results, Tensor dhidden, HeadGradients accumulators) {
        try (Scope scope = new Scope()) {
            int first = chunk.first();
            int count = chunk.count();
            Tensor names = chunk.names();
            Tensor h = chunk.pick(hidden);
            Tensor logits = buffer.narrow(0, 0, count);
            torch.mm_out(logits, h, head.weight().t());
            // Results of all rows at once are written where they belong.
            boolean whole = kept == null && count == rows;
            Tensor out = whole ? results : place.empty(ScalarType.Float, step.results(), count);
            step.compute(chunk, logits, out);
            if (!whole && kept == null) {
                results.narrow(1, first, count).copy_(out);
            } else if (!whole) {
                results.index_copy_(1, names, out);
            }
            if (dhidden == null) {
                return;
            }
            if (kept == null) {
                torch.mm_out(dhidden.narrow(0, first, count), logits, head.weight());
            } else {
                dhidden.index_copy_(0, names, torch.mm(logits, head.weight()));
            }
            if (accumulators != null) {
                addWeightGradient(accumulators.dweight(), logits, h);
                if (accumulators.dbias() != null) {
                    // In z = scale (h W^T + bias) the bias has the gradient of the product, summed over rows.
                    accumulators.dbias().add_(logits.toType(ScalarType.Float).sum(0));
                }
            }
        }
    }

    /** dweight += dlogits^T h, in f32. */
    private void addWeightGradient(Tensor dweight, Tensor dlogits, Tensor h) {
        if (!half) {
            dweight.addmm_(dlogits.t(), h);
            return;
        }
        if (place.isCuda() && !place.isSimulated()) {
            // cuBLAS takes 16-bit factors and adds to f32.
            torch.addmm_out(dweight, dweight, dlogits.t(), h, ScalarType.Float);
            return;
        }
        // LibTorch's bf16 product on the CPU has a bf16 result: rounded once a chunk, added in f32.
        for (long v = 0; v < vocabulary; v += weightBlock) {
            try (Scope scope = new Scope()) {
                long count = Math.min(weightBlock, vocabulary - v);
                dweight.narrow(0, v, count)
                        .add_(torch.mm(dlogits.narrow(1, v, count).t(), h));
            }
        }
    }

    /** Null if every row counts. A weight that is no weight counts, so that the kernel can name it. */
    private static long[] keptRows(float[] weights) {
        long[] kept = new long[weights.length];
        int count = 0;
        for (int n = 0; n < weights.length; n++) {
            if (weights[n] != 0) {
                kept[count++] = n;
            }
        }
        return count == weights.length ? null : Arrays.copyOf(kept, count);
    }

    private int weightBlock(long budget) {
        long block = budget / BLOCK_SHARE / Math.max(1, width * Short.BYTES);
        return Math.toIntExact(Math.max(1, Math.min(block, vocabulary)));
    }

    /** How many rows fit into the budget, with all that is made for them. */
    private int chunkRows(long budget) {
        long element = bytes();
        long row = stride * element + 16 * Long.BYTES;
        if (kept != null) {
            // Copies of the hidden states and of the step's arguments, and the gradient before it is put in place.
            row += (withGradient ? 2 : 1) * width * element + step.bytesOfCopies();
        }
        if (head.bias() != null && half && withGradient) {
            row += vocabulary * Float.BYTES;
        }
        long fixed = half && withGradient && !place.isCuda() ? weightBlock * width * Short.BYTES : 0;
        if (budget < fixed + row) {
            throw new IllegalArgumentException("budget: expected at least " + (fixed + row)
                    + " bytes, which one row of " + vocabulary + " logits needs, got " + budget);
        }
        return Math.toIntExact(Math.min((budget - fixed) / row, Integer.MAX_VALUE));
    }

    /** Of an element. */
    private int bytes() {
        return half ? Short.BYTES : Float.BYTES;
    }

    private Tensor empty(long... shape) {
        return place.empty(type.dtype, shape);
    }
}
