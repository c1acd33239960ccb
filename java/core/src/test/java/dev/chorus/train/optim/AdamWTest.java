package dev.chorus.train.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.Decoder;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.weights.Parameters;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Random;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AdamWTest {
    /** Values near 1 in f32 after five updates of at most 0.1. */
    private static final double VALUES = 2e-6;

    private static final double[] RATES = {0.01, 0.05, 0.1, 0.03, 0.002};
    private static final double DECAY = 0.1;

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @Test
    void equalsPlainDoubleArithmetic() {
        for (double clip : new double[] {0, 5}) {
            try (Decoder decoder = decoder();
                    AdamW optimizer = new AdamW(decoder.parameters(), DECAY);
                    Scope scope = new Scope()) {
                Parameters parameters = decoder.parameters();
                int n = Math.toIntExact(parameters.count());
                double[] w = doubles(Tensors.toFloats(parameters.values()));
                double[] m = new double[n];
                double[] v = new double[n];
                boolean clipped = false;
                for (int step = 1; step <= RATES.length; step++) {
                    double rate = RATES[step - 1];
                    double[] g = doubles(gradient(n, step));
                    put(parameters.gradients(), gradient(n, step));
                    double norm = 0;
                    for (double value : g) {
                        norm += value * value;
                    }
                    norm = Math.sqrt(norm);
                    double scale = clip > 0 && norm > clip ? clip / norm : 1;
                    clipped |= scale < 1;
                    for (int i = 0; i < n; i++) {
                        m[i] = 0.9 * m[i] + 0.1 * g[i] * scale;
                        v[i] = 0.999 * v[i] + 0.001 * g[i] * scale * g[i] * scale;
                        double decay = i < parameters.decayedCount() ? rate * DECAY * w[i] : 0;
                        double first = m[i] / (1 - Math.pow(0.9, step));
                        double second = v[i] / (1 - Math.pow(0.999, step));
                        w[i] -= decay + rate * first / (Math.sqrt(second) + 1e-8);
                    }
                    assertThat(optimizer.step(rate, clip)).isCloseTo(norm, within(1e-5 * norm));
                    assertThat(doubles(Tensors.toFloats(parameters.values()))).containsExactly(w, within(VALUES));
                    assertThat(Tensors.toFloats(parameters.gradients())).containsOnly(0);
                }
                assertThat(clipped).isEqualTo(clip > 0);
            }
        }
    }

    @Test
    void equalsLibTorchs() {
        try (Decoder decoder = decoder();
                AdamW optimizer = new AdamW(decoder.parameters(), DECAY);
                Scope scope = new Scope()) {
            Parameters parameters = decoder.parameters();
            int n = Math.toIntExact(parameters.count());
            long decayed = parameters.decayedCount();
            Tensor matrices = parameters.values().narrow(0, 0, decayed).clone().set_requires_grad(true);
            Tensor vectors =
                    parameters.values().narrow(0, decayed, n - decayed).clone().set_requires_grad(true);
            AdamWOptions matrixOptions = new AdamWOptions(RATES[0]);
            matrixOptions.weight_decay().put(DECAY);
            AdamWOptions vectorOptions = new AdamWOptions(RATES[0]);
            vectorOptions.weight_decay().put(0);
            var forMatrices = new org.bytedeco.pytorch.AdamW(Tensors.vector(matrices), matrixOptions);
            var forVectors = new org.bytedeco.pytorch.AdamW(Tensors.vector(vectors), vectorOptions);
            for (int step = 1; step <= 5; step++) {
                put(parameters.gradients(), gradient(n, step));
                Tensor gradient = parameters.gradients().clone();
                matrices.mutable_grad().put(gradient.narrow(0, 0, decayed));
                vectors.mutable_grad().put(gradient.narrow(0, decayed, n - decayed));
                optimizer.step(RATES[0], 0);
                forMatrices.step();
                forVectors.step();
            }
            double[] ours = doubles(Tensors.toFloats(parameters.values()));
            double[] theirs = new double[n];
            System.arraycopy(doubles(Tensors.toFloats(matrices.detach())), 0, theirs, 0, (int) decayed);
            System.arraycopy(doubles(Tensors.toFloats(vectors.detach())), 0, theirs, (int) decayed, n - (int) decayed);
            assertThat(ours).containsExactly(theirs, within(VALUES));
        }
    }

    /** Biases and norms are vectors, weights are matrices and lie in front. */
    @Test
    void decayReachesMatricesOnly() {
        try (Decoder decoder = decoder();
                AdamW optimizer = new AdamW(decoder.parameters(), 1);
                Scope scope = new Scope()) {
            Parameters parameters = decoder.parameters();
            float[] before = Tensors.toFloats(parameters.values());
            optimizer.step(0.5, 0);
            float[] after = Tensors.toFloats(parameters.values());
            // wte 3x2, wpe 4x2, c_attn 2x6, c_proj 2x2, c_fc 2x8, c_proj 8x2.
            assertThat(parameters.decayedCount()).isEqualTo(6 + 8 + 12 + 4 + 16 + 16);
            for (int i = 0; i < before.length; i++) {
                assertThat(after[i]).isEqualTo(i < parameters.decayedCount() ? before[i] / 2 : before[i]);
            }
        }
    }

    /** Who stops at a broken gradient wants the parameters of before. */
    @Test
    void brokenGradientChangesNothing() {
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            try (Decoder decoder = decoder();
                    AdamW optimizer = new AdamW(decoder.parameters(), DECAY);
                    Scope scope = new Scope()) {
                Parameters parameters = decoder.parameters();
                float[] before = Tensors.toFloats(parameters.values());
                float[] gradient = gradient(before.length, 1);
                gradient[3] = broken;
                put(parameters.gradients(), gradient);
                assertThat(optimizer.step(0.1, 1)).isNotFinite();
                assertThat(Tensors.toFloats(parameters.values())).containsExactly(before);
            }
        }
    }

    private static Decoder decoder() {
        return TinyDecoders.random(ModelConfig.gpt2(3, 2, 1, 1, 4), 5);
    }

    private static float[] gradient(int n, int step) {
        Random random = new Random(step);
        float[] gradient = new float[n];
        for (int i = 0; i < n; i++) {
            gradient[i] = (float) random.nextGaussian();
        }
        return gradient;
    }

    private static void put(Tensor tensor, float[] values) {
        tensor.data_ptr_float().put(values);
    }

    private static double[] doubles(float[] values) {
        double[] out = new double[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i];
        }
        return out;
    }
}
