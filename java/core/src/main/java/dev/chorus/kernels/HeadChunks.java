package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;
import dev.chorus.kernels.KernelArguments.LogitType;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** One call of {@link LinearLogProb}: its arguments, checked; which rows count; and how they go through in chunks. */
final class HeadChunks {
    /** The weight's gradient in bf16 is made in blocks of its rows, each of at most this share of the budget. */
    private static final int BLOCK_SHARE = 8;

    private final Tensor hidden;
    private final LanguageHead head;
    private final HeadTarget target;
    private final Tensor weights;
    private final Tensor dlogps;
    private final long rows;
    private final long width;
    private final long vocabulary;
    private final LogitType type;
    private final boolean bf16;
    /** Numbers of the rows that count; null if all do. */
    private final long[] kept;

    private final int chunkRows;
    private final int weightBlock;

    HeadChunks(Tensor hidden, LanguageHead head, HeadTarget target, Tensor weights, Tensor dlogps, long budget) {
        this.hidden = hidden;
        this.head = head;
        this.target = target;
        this.weights = weights;
        this.dlogps = dlogps;
        rows = KernelArguments.size("hidden", hidden, 0, "N", "C");
        width = hidden.size(1);
        vocabulary = KernelArguments.size("weight", head.weight(), 0, "V", "C");
        type = KernelArguments.checkLogits("hidden", hidden, rows, width);
        bf16 = type == LogitType.BF16;
        ScalarType dtype = bf16 ? ScalarType.BFloat16 : ScalarType.Float;
        KernelArguments.check("weight", head.weight(), dtype, vocabulary, width);
        if (vocabulary < 1 || width < 1) {
            throw new IllegalArgumentException("weight: expected at least one token and one dimension, got shape ["
                    + vocabulary + ", " + width + "]");
        }
        KernelArguments.floatsOrNull("bias", head.bias(), vocabulary);
        KernelArguments.floatsOrNull("weights", weights, rows);
        KernelArguments.floatsOrNull("dlogps", dlogps, rows);
        checkTarget();
        kept = weights == null ? null : keptRows(Tensors.toFloats(weights));
        weightBlock = weightBlock(budget);
        chunkRows = chunkRows(budget);
    }

    LinearLogProb.Result forward() {
        return run(null, null);
    }

    LinearLogProb.Gradients forwardBackward(LinearLogProb.Accumulators accumulators) {
        if (accumulators != null) {
            KernelArguments.floats("dweight", accumulators.dweight(), vocabulary, width);
            KernelArguments.floatsOrNull("dbias", accumulators.dbias(), vocabulary);
            if (accumulators.dbias() != null && head.bias() == null) {
                throw new IllegalArgumentException("dbias: expected null, as the head has no bias");
            }
        }
        // Rows that count are written below, one chunk after the other.
        Tensor dhidden = kept == null ? empty(rows, width) : empty(rows, width).zero_();
        return new LinearLogProb.Gradients(run(dhidden, accumulators), dhidden);
    }

    private LinearLogProb.Result run(Tensor dhidden, LinearLogProb.Accumulators accumulators) {
        Tensor results = kept == null ? Tensors.empty(4, rows) : Tensors.zeros(4, rows);
        int count = kept == null ? Math.toIntExact(rows) : kept.length;
        if (count > 0) {
            try (Scope scope = new Scope()) {
                int chunks = (count + chunkRows - 1) / chunkRows;
                // Of nearly equal size: a short last one would run at a worse rate.
                int size = (count + chunks - 1) / chunks;
                Tensor logits = empty(size, vocabulary);
                for (int first = 0; first < count; first += size) {
                    chunk(first, Math.min(size, count - first), logits, results, dhidden, accumulators);
                }
            }
        }
        return new LinearLogProb.Result(
                results.select(0, 0), results.select(0, 1), results.select(0, 2), results.select(0, 3));
    }

    private void chunk(
            int first,
            int count,
            Tensor buffer,
            Tensor results,
            Tensor dhidden,
            LinearLogProb.Accumulators accumulators) {
        try (Scope scope = new Scope()) {
            Tensor ids = Tensors.longs(names(first, count), count);
            Tensor h = pick(hidden, first, count, ids);
            Tensor logits = buffer.narrow(0, 0, count);
            torch.mm_out(logits, h, head.weight().t());
            // Results of all rows at once are written where they belong.
            boolean whole = kept == null && count == rows;
            Tensor out = whole ? results : Tensors.empty(4, count);
            rowsOf(logits, ids, first, count, out);
            if (!whole) {
                results.index_copy_(1, ids, out);
            }
            if (dhidden == null) {
                return;
            }
            if (kept == null) {
                torch.mm_out(dhidden.narrow(0, first, count), logits, head.weight());
            } else {
                dhidden.index_copy_(0, ids, torch.mm(logits, head.weight()));
            }
            if (accumulators != null) {
                addWeightGradient(accumulators.dweight(), logits, h);
                if (accumulators.dbias() != null) {
                    // In the head's z = scale (h W^T + bias) the bias has the gradient of the product, summed over
                    // rows.
                    accumulators.dbias().add_(logits.toType(ScalarType.Float).sum(0));
                }
            }
        }
    }

    /** The kernel between the products: results of the chunk's rows, and the gradient in the logits' place. */
    private void rowsOf(Tensor logits, Tensor names, int first, int count, Tensor out) {
        Tensor ids = null;
        Tensor probabilities = null;
        Tensor dense = null;
        if (target instanceof HeadTarget.Token token) {
            ids = pick(token.ids(), first, count, names);
        } else if (target instanceof HeadTarget.Named named) {
            ids = pick(named.ids(), first, count, names);
            probabilities = pick(named.probabilities(), first, count, names);
        } else if (target instanceof HeadTarget.Dense whole) {
            dense = pick(whole.probabilities(), first, count, names);
        }
        Tensor w = weights == null ? null : pick(weights, first, count, names);
        Tensor d = dlogps == null ? null : pick(dlogps, first, count, names);
        FloatPointer base = out.data_ptr_float();
        FloatPointer[] results = new FloatPointer[4];
        for (int i = 0; i < results.length; i++) {
            results[i] = new FloatPointer(base).position((long) i * count);
        }
        FloatPointer bias = head.bias() == null ? null : head.bias().data_ptr_float();
        LongPointer idData = ids == null ? null : ids.data_ptr_long();
        FloatPointer probabilityData = probabilities == null ? null : probabilities.data_ptr_float();
        FloatPointer denseData = dense == null ? null : dense.data_ptr_float();
        FloatPointer weightData = w == null ? null : w.data_ptr_float();
        FloatPointer dlogpsData = d == null ? null : d.data_ptr_float();
        LongPointer nameData = names.data_ptr_long();
        long k = target instanceof HeadTarget.Named ? ids.size(1) : 1;
        int status = bf16
                ? ChorusNative.chorus_linear_logprob_rows_bf16(
                        results[0],
                        results[1],
                        results[2],
                        results[3],
                        KernelArguments.bf16s(logits),
                        bias,
                        idData,
                        probabilityData,
                        denseData,
                        weightData,
                        dlogpsData,
                        nameData,
                        count,
                        vocabulary,
                        k,
                        vocabulary,
                        head.scale(),
                        head.softCap())
                : ChorusNative.chorus_linear_logprob_rows_f32(
                        results[0],
                        results[1],
                        results[2],
                        results[3],
                        logits.data_ptr_float(),
                        bias,
                        idData,
                        probabilityData,
                        denseData,
                        weightData,
                        dlogpsData,
                        nameData,
                        count,
                        vocabulary,
                        k,
                        vocabulary,
                        head.scale(),
                        head.softCap());
        KernelArguments.keepAlive(out, logits, names, ids, probabilities, dense, w, d, head.bias());
        KernelArguments.raise(
                status, "linear_logprob", "[N=" + rows + ", C=" + width + ", V=" + vocabulary + "]", type);
    }

    /** dweight += dlogits^T h, in f32. */
    private void addWeightGradient(Tensor dweight, Tensor dlogits, Tensor h) {
        if (!bf16) {
            dweight.addmm_(dlogits.t(), h);
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

    /** The chunk's rows of an argument with N of them: a view, or a copy of those that count. */
    private Tensor pick(Tensor argument, int first, int count, Tensor names) {
        return kept == null ? argument.narrow(0, first, count) : argument.index_select(0, names);
    }

    private long[] names(int first, int count) {
        long[] names = new long[count];
        for (int i = 0; i < count; i++) {
            names[i] = kept == null ? first + i : kept[first + i];
        }
        return names;
    }

    private void checkTarget() {
        if (target instanceof HeadTarget.Token token) {
            longs("ids", token.ids(), rows);
        } else if (target instanceof HeadTarget.Named named) {
            KernelArguments.size("ids", named.ids(), 0, "N", "k");
            longs("ids", named.ids(), rows, named.ids().size(1));
            KernelArguments.floats(
                    "probabilities", named.probabilities(), rows, named.ids().size(1));
        } else if (target instanceof HeadTarget.Dense dense) {
            KernelArguments.floats("probabilities", dense.probabilities(), rows, vocabulary);
        } else {
            throw new IllegalArgumentException("target: expected one, got null");
        }
    }

    private static void longs(String name, Tensor tensor, long... shape) {
        KernelArguments.check(name, tensor, ScalarType.Long, shape);
        KernelArguments.requireContiguous(name, tensor);
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
        long element = bf16 ? Short.BYTES : Float.BYTES;
        long row = vocabulary * element + 16 * Long.BYTES;
        if (kept != null) {
            // Copies of the hidden states and of a dense target, and the gradient before it is put in place.
            row += (dlogps == null ? 1 : 2) * width * element;
            row += target instanceof HeadTarget.Dense ? vocabulary * Float.BYTES : 0;
        }
        if (head.bias() != null && bf16 && dlogps != null) {
            row += vocabulary * Float.BYTES;
        }
        long fixed = bf16 && dlogps != null ? weightBlock * width * Short.BYTES : 0;
        if (budget < fixed + row) {
            throw new IllegalArgumentException("budget: expected at least " + (fixed + row)
                    + " bytes, which one row of " + vocabulary + " logits needs, got " + budget);
        }
        return Math.toIntExact(Math.min((budget - fixed) / row, Integer.MAX_VALUE));
    }

    private Tensor empty(long... shape) {
        try (TensorOptions options = new TensorOptions(bf16 ? ScalarType.BFloat16 : ScalarType.Float)) {
            return torch.empty(shape, options, null);
        }
    }
}
