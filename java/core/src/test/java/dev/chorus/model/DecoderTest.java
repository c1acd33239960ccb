package dev.chorus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.SequenceScorer.Sequence;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DecoderTest {
    /** Hidden states and logits below 10 in f32, summed in other orders over at most 64 channels. */
    private static final float SAME = 1e-5f;

    private static final int V = 29;
    private static final ModelConfig CONFIG = ModelConfig.gpt2(V, 16, 2, 4, 24);

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @Test
    void flatBatchEqualsEverySequenceAlone() {
        List<int[]> sequences = TinyDecoders.sequences(V, 1, 5, 1, 24, 9, 9, 2);
        try (Decoder decoder = TinyDecoders.random(CONFIG, 3);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            FlatBatch batch = FlatBatch.of(sequences);
            float[][] together = rows(decoder, batch);
            for (int s = 0; s < sequences.size(); s++) {
                float[][] alone = rows(decoder, FlatBatch.of(List.of(sequences.get(s))));
                for (int t = 0; t < alone.length; t++) {
                    assertThat(together[batch.offsets()[s] + t]).containsExactly(alone[t], within(SAME));
                }
            }
        }
    }

    /** Causality: what follows a token cannot change what came before. */
    @Test
    void laterTokensDoNotReachBack() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 3);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            float[][] one = rows(decoder, FlatBatch.of(List.of(new int[] {4, 8, 15, 16, 23})));
            float[][] other = rows(decoder, FlatBatch.of(List.of(new int[] {4, 8, 15, 1, 2})));
            for (int t = 0; t < 3; t++) {
                assertThat(other[t]).containsExactly(one[t], within(SAME));
            }
            assertThat(other[3]).isNotEqualTo(one[3]);
        }
    }

    @Test
    void stepByStepWithACacheEqualsTheFullForward() {
        List<int[]> prompts = TinyDecoders.sequences(V, 2, 3, 7, 1, 7);
        int steps = 6;
        List<int[]> continuations = TinyDecoders.sequences(V, 5, steps, steps, steps, steps);
        try (Decoder decoder = TinyDecoders.random(CONFIG, 4);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients();
                PrefixCache cache = new PrefixCache(CONFIG, FlatBatch.of(prompts), steps)) {
            decoder.hidden(FlatBatch.of(prompts), cache);
            // Row r of the cache continues sequence members[r]; half-way rows are dropped, swapped and repeated.
            int[] members = {0, 1, 2, 3};
            List<int[]> full = new ArrayList<>();
            for (int s = 0; s < prompts.size(); s++) {
                full.add(Sequence.of(prompts.get(s), continuations.get(s)).tokens());
            }
            for (int step = 0; step < steps; step++) {
                if (step == 3) {
                    cache.reorder(new long[] {2, 0, 3, 0, 2});
                    members = new int[] {2, 0, 3, 0, 2};
                }
                long[] next = new long[members.length];
                for (int r = 0; r < next.length; r++) {
                    next[r] = continuations.get(members[r])[step];
                }
                float[][] cached = chunks(Tensors.toFloats(decoder.logits(decoder.nextHidden(next, cache))), V);
                cache.advance();
                for (int r = 0; r < members.length; r++) {
                    float[][] whole = rows(decoder, FlatBatch.of(List.of(full.get(members[r]))));
                    assertThat(cached[r])
                            .as("step %d, row %d", step, r)
                            .containsExactly(whole[prompts.get(members[r]).length + step], within(SAME));
                }
            }
        }
    }

    @Test
    void sameSeedSameBits() {
        FlatBatch batch = FlatBatch.of(TinyDecoders.sequences(V, 1, 5, 12));
        try (Decoder one = Decoder.initialise(CONFIG, 7);
                Decoder same = Decoder.initialise(CONFIG, 7);
                Decoder other = Decoder.initialise(CONFIG, 8);
                Scope scope = new Scope()) {
            float[] values = Tensors.toFloats(one.parameters().values());
            assertThat(Arrays.equals(Tensors.toFloats(same.parameters().values()), values))
                    .isTrue();
            assertThat(Arrays.equals(Tensors.toFloats(other.parameters().values()), values))
                    .isFalse();
            assertThat(rows(same, batch)).isDeepEqualTo(rows(one, batch));
        }
    }

    @Test
    void copyHasItsOwnParameters() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 7);
                Decoder copy = decoder.copy();
                Scope scope = new Scope()) {
            float[] before = Tensors.toFloats(decoder.parameters().values());
            assertThat(Arrays.equals(Tensors.toFloats(copy.parameters().values()), before))
                    .isTrue();
            copy.parameters().values().zero_();
            assertThat(Arrays.equals(Tensors.toFloats(decoder.parameters().values()), before))
                    .isTrue();
        }
    }

    @Test
    void classifierKeepsTheBlocksAndReadsTheLastToken() {
        List<int[]> sequences = TinyDecoders.sequences(V, 6, 4, 9, 1);
        try (Decoder decoder = TinyDecoders.random(CONFIG, 7);
                Decoder classifier = decoder.withClassificationHead(5, 11);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            FlatBatch batch = FlatBatch.of(sequences);
            float[][] hidden = chunks(Tensors.toFloats(decoder.hidden(batch)), CONFIG.width());
            float[][] head = chunks(classifier.parameters().read("score.weight"), CONFIG.width());
            double[][] logits = Tensors.toRows(classifier.classLogits(batch));
            double[][] inBatchesOfTwo = Classifier.logits(classifier, sequences, 2);
            for (int s = 0; s < sequences.size(); s++) {
                for (int k = 0; k < 5; k++) {
                    double product = 0;
                    for (int c = 0; c < CONFIG.width(); c++) {
                        product += (double) hidden[batch.offsets()[s + 1] - 1][c] * head[k][c];
                    }
                    assertThat(logits[s][k]).isCloseTo(product, within((double) SAME));
                    assertThat(inBatchesOfTwo[s][k]).isCloseTo(product, within((double) SAME));
                }
            }
            assertThatIllegalStateException()
                    .isThrownBy(() -> classifier.logits(decoder.hidden(batch)))
                    .withMessageContaining("classifier of 5 classes");
            assertThatIllegalStateException()
                    .isThrownBy(() -> decoder.classLogits(batch))
                    .withMessageContaining("language model");
        }
    }

    @Test
    void refusesWhatItCannotRead() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 7);
                Scope scope = new Scope()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> decoder.hidden(FlatBatch.of(List.of(new int[25]))))
                    .withMessage("a sequence of 25 tokens; this model takes at most 24 (n_positions)");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> decoder.hidden(FlatBatch.of(List.of(new int[] {1, V}))))
                    .withMessage("token id 29 is outside the vocabulary of 29");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> decoder.hidden(FlatBatch.of(List.of(new int[] {-1}))))
                    .withMessageContaining("-1");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FlatBatch.of(List.of(new int[] {1}, new int[0])))
                    .withMessage("sequence 1 has no tokens");
        }
    }

    @Test
    void completionRowsStandBeforeTheirTargets() {
        FlatBatch batch = FlatBatch.of(List.of(new int[] {5, 6, 7}, new int[] {8, 9}, new int[] {1, 2, 3}));
        CompletionRows rows = CompletionRows.of(batch, new int[] {1, 2, 2});
        assertThat(rows.rows()).containsExactly(0, 1, 6);
        assertThat(rows.targets()).containsExactly(6, 7, 3);
        assertThat(rows.sequence()).containsExactly(0, 0, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CompletionRows.of(batch, new int[] {1, 0, 2}))
                .withMessageContaining("sequence 1")
                .withMessageContaining("1..2");
        assertThatIllegalArgumentException().isThrownBy(() -> CompletionRows.of(batch, new int[] {1, 1, 4}));
        assertThatIllegalArgumentException().isThrownBy(() -> CompletionRows.of(batch, new int[] {1}));
    }

    /** [N][V] logits. */
    private static float[][] rows(Decoder decoder, FlatBatch batch) {
        return chunks(Tensors.toFloats(decoder.logits(decoder.hidden(batch))), V);
    }

    private static float[][] chunks(float[] flat, int width) {
        float[][] rows = new float[flat.length / width][width];
        for (int i = 0; i < flat.length; i++) {
            rows[i / width][i % width] = flat[i];
        }
        return rows;
    }
}
