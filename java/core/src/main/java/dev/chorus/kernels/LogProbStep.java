package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.bindings.ChorusNative.chorus_linear_logprob_rows_args;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * {@link LinearLogProb} between the products of a chunk: logps, KL, log-sum-exp, entropy and top-1 of its rows, and the
 * gradient.
 */
final class LogProbStep implements HeadChunks.Step {
    private static final int RESULTS = 5;

    private static final Arguments<chorus_linear_logprob_rows_args> ARGUMENTS =
            new Arguments<>(chorus_linear_logprob_rows_args::new);

    private final LanguageHead head;
    private final HeadTarget target;
    private final Tensor weights;
    private final Tensor dlogps;
    private final Place place;
    private final long rows;
    private final long vocabulary;
    private final LogitType type;

    /** Checks the target and dlogps, which is null without a gradient. */
    LogProbStep(Tensor hidden, LanguageHead head, HeadTarget target, Tensor weights, Tensor dlogps) {
        this.head = head;
        this.target = target;
        this.weights = weights;
        this.dlogps = dlogps;
        rows = HeadChunks.rows(hidden);
        vocabulary = HeadChunks.vocabulary(head);
        place = Place.of("hidden", hidden);
        type = KernelArguments.checkLogits(place, "hidden", hidden, rows, hidden.size(1));
        if (dlogps != null) {
            KernelArguments.floats(place, "dlogps", dlogps, rows);
        }
        if (target instanceof HeadTarget.Token token) {
            longs(place, "ids", token.ids(), rows);
        } else if (target instanceof HeadTarget.Named named) {
            long k = KernelArguments.size("ids", named.ids(), 1, "N", "k");
            longs(place, "ids", named.ids(), rows, k);
            KernelArguments.floats(place, "probabilities", named.probabilities(), rows, k);
        } else if (target instanceof HeadTarget.Dense dense) {
            KernelArguments.floats(place, "probabilities", dense.probabilities(), rows, vocabulary);
        } else {
            throw new IllegalArgumentException("target: expected one, got null");
        }
    }

    @Override
    public String op() {
        return "linear_logprob";
    }

    @Override
    public int results() {
        return RESULTS;
    }

    @Override
    public long bytesOfCopies() {
        if (target instanceof HeadTarget.Dense) {
            return vocabulary * Float.BYTES;
        }
        return target instanceof HeadTarget.Named named ? named.ids().size(1) * (Long.BYTES + Float.BYTES) : 0;
    }

    @Override
    public void compute(HeadChunks.Chunk chunk, Tensor logits, Tensor out) {
        Tensor ids = null;
        Tensor probabilities = null;
        Tensor dense = null;
        if (target instanceof HeadTarget.Token token) {
            ids = chunk.pick(token.ids());
        } else if (target instanceof HeadTarget.Named named) {
            ids = chunk.pick(named.ids());
            probabilities = chunk.pick(named.probabilities());
        } else if (target instanceof HeadTarget.Dense whole) {
            dense = chunk.pick(whole.probabilities());
        }
        Tensor w = chunk.pick(weights);
        Tensor d = chunk.pick(dlogps);
        FloatPointer base = out.data_ptr_float();
        chorus_linear_logprob_rows_args args = ARGUMENTS
                .cleared()
                .logps(row(base, 0, chunk))
                .kl(row(base, 1, chunk))
                .lse(row(base, 2, chunk))
                .entropy(row(base, 3, chunk))
                .top1(row(base, 4, chunk))
                .logits(logits.data_ptr())
                .bias(floats(head.bias()))
                .ids(ids == null ? null : ids.data_ptr_long())
                .probabilities(floats(probabilities))
                .dense(floats(dense))
                .weights(floats(w))
                .dlogps(floats(d))
                .row_names(chunk.names().data_ptr_long())
                .N(chunk.count())
                .V(vocabulary)
                .k(probabilities == null ? 1 : ids.size(1))
                .stride(KernelArguments.rowStride("logits", logits))
                .scale(head.scale())
                .soft_cap(head.softCap())
                .type(type.code);
        try (DeviceCall call = DeviceCall.at(place)) {
            int status = call.isCuda()
                    ? ChorusCudaNative.chorus_cuda_linear_logprob_rows(args, call.fault(), call.stream())
                    : ChorusNative.chorus_linear_logprob_rows(args);
            KernelArguments.keepAlive(out, logits, chunk.names(), ids, probabilities, dense, w, d, head.bias());
            call.raise(status, op(), "[N=" + rows + ", V=" + vocabulary + "]", type);
        }
    }

    /** Row {@code i} of the results. */
    private static FloatPointer row(FloatPointer base, int i, HeadChunks.Chunk chunk) {
        return new FloatPointer(base).position((long) i * chunk.count());
    }

    private static FloatPointer floats(Tensor tensor) {
        return tensor == null ? null : tensor.data_ptr_float();
    }

    private static void longs(Place place, String name, Tensor tensor, long... shape) {
        KernelArguments.check(place, name, tensor, ScalarType.Long, shape);
        KernelArguments.requireContiguous(name, tensor);
    }
}
