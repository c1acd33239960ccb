package dev.chorus.model;

import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.weights.Parameters;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.model.weights.Weights;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Random decoders whose answers differ clearly, and random sequences, for tests. */
public final class TinyDecoders {
    /** With the usual 0.02 a decoder of eight channels is nearly flat, and a test would compare noise. */
    private static final double DEVIATION = 0.3;

    private TinyDecoders() {}

    /** To be trained, f32; the caller closes it. */
    public static Decoder random(ModelConfig config, long seed) {
        return random(config, seed, Precision.F32);
    }

    /** To be trained, with products in this precision; the caller closes it. */
    public static Decoder random(ModelConfig config, long seed, Precision precision) {
        Decoder decoder = new Decoder(config, Weights.trained(TensorPlan.of(config)), precision);
        for (TensorSpec spec : TensorPlan.of(config)) {
            write(decoder.parameters(), spec.name(), spec.mean(), seed);
        }
        return decoder;
    }

    /** Gives all of these values around zero: both factors of an adapter, of which one starts as nothing. */
    public static void randomise(Parameters parameters, long seed) {
        parameters.names().forEach(name -> write(parameters, name, 0, seed));
    }

    private static void write(Parameters parameters, String name, double mean, long seed) {
        CounterRandom random = CounterRandom.of(seed, "tiny/" + name);
        float[] values = parameters.read(name);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + DEVIATION * random.normal(i));
        }
        parameters.write(name, values);
    }

    /** As {@link #random(ModelConfig, long, Precision)} with weights that are frozen, in that precision. */
    public static Decoder frozen(ModelConfig config, long seed, Precision precision) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (Decoder decoder = random(config, seed);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            for (String name : decoder.parameters().names()) {
                Tensor copy = decoder.weights().get(name).detach().clone().to(precision.type());
                tensors.put(name, scope.release(copy));
            }
        }
        return new Decoder(config, Weights.frozen(tensors), precision);
    }

    /** Sequences of these lengths, uniform over the vocabulary. */
    public static List<int[]> sequences(int vocabSize, long seed, int... lengths) {
        List<int[]> sequences = new ArrayList<>();
        for (int s = 0; s < lengths.length; s++) {
            CounterRandom random = CounterRandom.of(seed, "sequence/" + s);
            int[] sequence = new int[lengths[s]];
            for (int t = 0; t < sequence.length; t++) {
                sequence[t] = random.below(vocabSize, t);
            }
            sequences.add(sequence);
        }
        return sequences;
    }
}
