package dev.chorus.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.Decoder;
import dev.chorus.model.TinyConfigs;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.Activation;
import dev.chorus.model.weights.Precision;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Training with products in bf16 and weights in f32. */
class MixedPrecisionTest {
    /**
     * Share of the whole gradient's norm. bf16 rounds by at most 2^-9 of a value; what comes in and goes out of some ten products
     * on the way forward and as many back is rounded, and errors add up like their squares: sqrt(20) 2^-9 is 0.9 %. Weights of
     * 0.3 in narrow blocks are steep, which takes the rest.
     */
    private static final double GRADIENT = 0.05;

    /** The same with ReLU, whose slope is 0 or 1: where rounding changes a sign, a whole channel comes or goes. */
    private static final double GRADIENT_OF_RELU = 0.15;

    /** Share of a loss of a few nats, which is a mean over tokens whose errors cancel. */
    private static final double LOSS = 0.01;

    private static final List<Sequence> SEQUENCES =
            TinyDecoders.sequences(TinyConfigs.VOCABULARY, 1, 6, 3, 19, 4).stream()
                    .map(tokens -> new Sequence(tokens, 1))
                    .toList();

    private static double step(Decoder decoder) {
        return new Step(decoder, new LanguageModelObjective(SEQUENCES), 0, 1)
                .run(IntStream.range(0, 4).toArray(), new Progress(0, 0, 0))
                .loss();
    }

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @ParameterizedTest
    @EnumSource
    void gradientsAreThoseOfF32WithinRounding(TinyConfigs tiny) {
        try (Decoder full = TinyDecoders.random(tiny.config(), 4);
                Decoder mixed = TinyDecoders.random(tiny.config(), 4, Precision.BF16);
                Scope scope = new Scope()) {
            double expected = step(full);
            double found = step(mixed);
            assertThat(found).isCloseTo(expected, within(LOSS * expected));
            // Otherwise nothing was rounded.
            assertThat(found).isNotEqualTo(expected);
            Tensor reference = full.parameters().gradients();
            Tensor gradients = mixed.parameters().gradients();
            assertThat(gradients.scalar_type().intern()).isEqualTo(ScalarType.Float);
            double error = gradients.sub(reference).norm().item_double()
                    / reference.norm().item_double();
            boolean relu = full.architecture().mlp().activation() == Activation.RELU;
            assertThat(error).isLessThan(relu ? GRADIENT_OF_RELU : GRADIENT);
        }
    }

    /** Updates of a thousandth of a weight, which bf16 would swallow, are kept. */
    @Test
    void weightsStayF32() {
        try (Decoder mixed = TinyDecoders.random(TinyConfigs.LLAMA.config(), 4, Precision.BF16);
                Scope scope = new Scope()) {
            float[] before = Tensors.toFloats(mixed.parameters().values());
            new Trainer(mixed, new TrainSettings(1, 4, 1e-5, 0, 0, 1), 1)
                    .run(4, new LanguageModelObjective(SEQUENCES), null, (step, steps, loss) -> {});
            assertThat(mixed.parameters().values().scalar_type().intern()).isEqualTo(ScalarType.Float);
            float[] after = Tensors.toFloats(mixed.parameters().values());
            int moved = 0;
            for (int i = 0; i < after.length; i++) {
                moved += after[i] != before[i] ? 1 : 0;
                assertThat(after[i]).isCloseTo(before[i], within(1.1e-5f));
            }
            // Tokens that the batch lacks have no gradient in the embedding.
            assertThat(moved).isGreaterThan(after.length * 9 / 10);
        }
    }

    @Test
    void lossFalls() {
        try (Decoder mixed = TinyDecoders.random(TinyConfigs.QWEN3.config(), 4, Precision.BF16)) {
            mixed.checkpointing(true);
            List<Trainer.CurvePoint> curve = new Trainer(mixed, new TrainSettings(30, 4, 0.01, 0, 0.1, 1), 1)
                    .run(4, new LanguageModelObjective(SEQUENCES), null, (step, steps, loss) -> {});
            assertThat(curve.get(curve.size() - 1).loss())
                    .isLessThan(curve.get(0).loss() / 2);
        }
    }
}
