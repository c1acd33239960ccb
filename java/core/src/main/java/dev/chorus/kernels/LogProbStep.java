package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** {@link LinearLogProb} between the products of a chunk: logps, KL, log-sum-exp and entropy of its rows, and the gradient. */
final class LogProbStep implements HeadChunks.Step {
    private static final int RESULTS = 4;

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
        FloatPointer[] results = new FloatPointer[RESULTS];
        for (int i = 0; i < results.length; i++) {
            results[i] = new FloatPointer(base).position((long) i * chunk.count());
        }
        FloatPointer bias = head.bias() == null ? null : head.bias().data_ptr_float();
        LongPointer idData = ids == null ? null : ids.data_ptr_long();
        FloatPointer probabilityData = probabilities == null ? null : probabilities.data_ptr_float();
        FloatPointer denseData = dense == null ? null : dense.data_ptr_float();
        FloatPointer weightData = w == null ? null : w.data_ptr_float();
        FloatPointer dlogpsData = d == null ? null : d.data_ptr_float();
        LongPointer nameData = chunk.names().data_ptr_long();
        long stride = KernelArguments.rowStride("logits", logits);
        long k = probabilities == null ? 1 : ids.size(1);
        try (DeviceCall call = DeviceCall.at(place)) {
            int status = call.isCuda()
                    ? ChorusCudaNative.chorus_cuda_linear_logprob_rows(
                            results[0],
                            results[1],
                            results[2],
                            results[3],
                            logits.data_ptr(),
                            bias,
                            idData,
                            probabilityData,
                            denseData,
                            weightData,
                            dlogpsData,
                            nameData,
                            chunk.count(),
                            vocabulary,
                            k,
                            stride,
                            head.scale(),
                            head.softCap(),
                            type.code,
                            call.fault(),
                            call.stream())
                    : switch (type) {
                        case F16 -> throw type.onlyOnGpus();
                        case F32 ->
                            ChorusNative.chorus_linear_logprob_rows_f32(
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
                                    chunk.count(),
                                    vocabulary,
                                    k,
                                    stride,
                                    head.scale(),
                                    head.softCap());
                        case BF16 ->
                            ChorusNative.chorus_linear_logprob_rows_bf16(
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
                                    chunk.count(),
                                    vocabulary,
                                    k,
                                    stride,
                                    head.scale(),
                                    head.softCap());
                    };
            KernelArguments.keepAlive(out, logits, chunk.names(), ids, probabilities, dense, w, d, head.bias());
            call.raise(status, op(), "[N=" + rows + ", V=" + vocabulary + "]", type);
        }
    }

    private static void longs(Place place, String name, Tensor tensor, long... shape) {
        KernelArguments.check(place, name, tensor, ScalarType.Long, shape);
        KernelArguments.requireContiguous(name, tensor);
    }
}
