package dev.chorus.model;

import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.weights.Parameters;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.torch.CounterRandom;
import java.util.ArrayList;
import java.util.List;

/** Random decoders whose answers differ clearly, and random sequences, for tests. */
public final class TinyDecoders {
    /** With the usual 0.02 a decoder of eight channels is nearly flat, and a test would compare noise. */
    private static final double DEVIATION = 0.3;

    private TinyDecoders() {}

    /** The caller closes it. */
    public static Decoder random(ModelConfig config, long seed) {
        Decoder decoder = Decoder.initialise(config, seed);
        Parameters parameters = decoder.parameters();
        for (TensorSpec spec : TensorPlan.of(config)) {
            CounterRandom random = CounterRandom.of(seed, "tiny/" + spec.name());
            float[] values = new float[Math.toIntExact(spec.count())];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (spec.mean() + DEVIATION * random.normal(i));
            }
            parameters.write(spec.name(), values);
        }
        return decoder;
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
