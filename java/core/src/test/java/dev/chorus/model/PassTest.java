package dev.chorus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Precision;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A pass that computes its blocks again gives the same to the last bit. */
class PassTest {
    private static final FlatBatch BATCH =
            FlatBatch.of(TinyDecoders.sequences(TinyConfigs.VOCABULARY, 3, 9, 14, 1, 20));

    private static final LoraConfig DROPPING = new LoraConfig(3, 6, 0.4, List.of(LoraConfig.ALL), false);

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @ParameterizedTest
    @EnumSource
    void blocksComputedAgainGiveTheSameBits(TinyConfigs tiny) {
        for (Precision precision : Precision.values()) {
            try (Decoder decoder = TinyDecoders.random(tiny.config(), 8, precision)) {
                float[][] kept = hiddenAndGradients(decoder, 5);
                assertThat(norm(kept[1])).isGreaterThan(0.1);
                decoder.checkpointing(true);
                assertSameBits(hiddenAndGradients(decoder, 5), kept);
            }
        }
    }

    /** The masks of dropout are drawn again, and must be those of before. */
    @ParameterizedTest
    @EnumSource(names = {"GPT2", "GPT_NEOX", "LLAMA", "GEMMA2", "PHI3"})
    void dropoutOfBlocksComputedAgainIsTheSame(TinyConfigs tiny) {
        try (Decoder decoder = adapted(tiny, Precision.F32)) {
            float[][] kept = hiddenAndGradients(decoder, 5);
            assertThat(norm(kept[1])).isGreaterThan(0.1);
            assertSameBits(hiddenAndGradients(decoder, 5), kept);
            float[][] otherStep = hiddenAndGradients(decoder, 6);
            assertThat(Arrays.equals(otherStep[0], kept[0])).isFalse();
            assertThat(Arrays.equals(otherStep[1], kept[1])).isFalse();
            decoder.checkpointing(true);
            assertSameBits(hiddenAndGradients(decoder, 5), kept);
            assertSameBits(hiddenAndGradients(decoder, 6), otherStep);
        }
    }

    /** Only training drops: what is asked without a step has no randomness. */
    @Test
    void inferenceDropsNothing() {
        try (Decoder decoder = adapted(TinyConfigs.LLAMA, Precision.F32);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            float[] one = Tensors.toFloats(decoder.hidden(BATCH));
            assertThat(Arrays.equals(Tensors.toFloats(decoder.hidden(BATCH)), one))
                    .isTrue();
            assertThat(Arrays.equals(
                            Tensors.toFloats(decoder.forward(BATCH, CounterRandom.of(5, "dropout"))
                                    .hidden()),
                            one))
                    .isFalse();
        }
    }

    @Test
    void gradientsAddUp() {
        for (boolean checkpointing : new boolean[] {false, true}) {
            try (Decoder decoder = TinyDecoders.random(TinyConfigs.QWEN2.config(), 8)) {
                decoder.checkpointing(checkpointing);
                float[] once = hiddenAndGradients(decoder, 1)[1];
                try (Scope scope = new Scope()) {
                    backward(decoder, 1);
                    backward(decoder, 1);
                    float[] twice = Tensors.toFloats(decoder.parameters().gradients());
                    double error = 0;
                    for (int i = 0; i < once.length; i++) {
                        error = Math.max(error, Math.abs(twice[i] - 2 * once[i]));
                    }
                    // Sums of many terms in f32, started from what was there.
                    assertThat(error).isLessThan(1e-5 * norm(once));
                    decoder.parameters().gradients().zero_();
                }
            }
        }
    }

    @Test
    void frozenWeightsHaveNoTrainingPass() {
        try (Decoder decoder = TinyDecoders.frozen(TinyConfigs.LLAMA.config(), 8, Precision.F32);
                Scope scope = new Scope()) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> decoder.forward(BATCH, CounterRandom.of(0, "dropout")))
                    .withMessage("these weights are frozen; load the folder for training, or add an adapter");
        }
    }

    @Test
    void leavesNoNativeObjectsBehind() {
        for (boolean checkpointing : new boolean[] {false, true}) {
            try (Decoder trained = TinyDecoders.random(TinyConfigs.GEMMA2.config(), 8);
                    Decoder adapted = adapted(TinyConfigs.BLOOM, Precision.BF16)) {
                trained.checkpointing(checkpointing);
                adapted.checkpointing(checkpointing);
                hiddenAndGradients(trained, 1);
                hiddenAndGradients(adapted, 1);
                long before = Pointer.totalCount();
                hiddenAndGradients(trained, 2);
                hiddenAndGradients(adapted, 2);
                assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
            }
        }
    }

    /** A frozen decoder with an adapter whose both factors are random. */
    private static Decoder adapted(TinyConfigs tiny, Precision precision) {
        Decoder decoder = TinyDecoders.frozen(tiny.config(), 8, precision);
        decoder.adapt(DROPPING, 1);
        TinyDecoders.randomise(decoder.parameters(), 2);
        return decoder;
    }

    private static float[][] hiddenAndGradients(Decoder decoder, long step) {
        try (Scope scope = new Scope()) {
            decoder.parameters().gradients().zero_();
            float[] hidden = backward(decoder, step);
            float[] gradients = Tensors.toFloats(decoder.parameters().gradients());
            decoder.parameters().gradients().zero_();
            return new float[][] {hidden, gradients};
        }
    }

    /** From a random gradient of the hidden states. */
    private static float[] backward(Decoder decoder, long step) {
        Pass pass = decoder.forward(BATCH, CounterRandom.of(step, "dropout"));
        Tensor hidden = pass.hidden();
        CounterRandom random = CounterRandom.of(4, "gradient");
        float[] gradient = new float[Math.toIntExact(hidden.numel())];
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (float) random.normal(i);
        }
        pass.backward(hidden, Tensors.floats(gradient, Tensors.shape(hidden)).to(hidden.scalar_type()));
        return Tensors.toFloats(hidden.detach().to(Precision.F32.type()));
    }

    private static void assertSameBits(float[][] found, float[][] expected) {
        assertThat(Arrays.equals(found[0], expected[0])).as("hidden states").isTrue();
        assertThat(Arrays.equals(found[1], expected[1])).as("gradients").isTrue();
    }

    private static double norm(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += (double) value * value;
        }
        return Math.sqrt(sum);
    }
}
