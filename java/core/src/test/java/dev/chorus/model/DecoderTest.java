package dev.chorus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.batch.CompletionRows;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.cache.CachedSequence;
import dev.chorus.model.cache.KeyValueCache;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.score.Classifier;
import dev.chorus.model.weights.Precision;
import dev.chorus.torch.CounterRandom;
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

    /** Prompts on both sides of a page's end; half-way rows are dropped, swapped and forked, and forks go their own ways. */
    @Test
    void stepByStepWithACacheEqualsTheFullForward() {
        int pages = 14;
        CounterRandom random = CounterRandom.of(5, "continuations");
        try (Decoder decoder = TinyDecoders.random(CONFIG, 4);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients();
                KeyValueCache cache = new KeyValueCache(CONFIG.architecture(), Precision.F32, 2, pages)) {
            List<int[]> texts = TinyDecoders.sequences(V, 2, 3, 17, 1, 14);
            List<CachedSequence> rows = new ArrayList<>();
            texts.forEach(text -> rows.add(new CachedSequence(cache)));
            readAndCompare(decoder, cache, rows, texts, "prompts");
            for (int step = 0; step < 6; step++) {
                if (step == 3) {
                    CachedSequence first = rows.get(0);
                    CachedSequence third = rows.get(2);
                    rows.get(1).close();
                    List<CachedSequence> others = List.of(third, first, rows.get(3), first.fork(), third.fork());
                    rows.clear();
                    rows.addAll(others);
                    texts = new ArrayList<>(
                            List.of(texts.get(2), texts.get(0), texts.get(3), texts.get(0), texts.get(2)));
                }
                for (int r = 0; r < rows.size(); r++) {
                    int[] next = {random.below(V, 10L * step + r)};
                    texts.set(r, Sequence.of(texts.get(r), next).tokens());
                }
                readAndCompare(decoder, cache, rows, texts, "step " + step);
            }
            assertThat(texts.get(1)).isNotEqualTo(texts.get(3));
            rows.forEach(CachedSequence::close);
            assertThat(cache.freePages()).isEqualTo(pages);
        }
    }

    /** Reads what every row has not read of its text, and compares with a pass over the whole text. */
    private static void readAndCompare(
            Decoder decoder, KeyValueCache cache, List<CachedSequence> rows, List<int[]> texts, String what) {
        CachedBatch batch = new CachedBatch(cache);
        int[] first = new int[rows.size()];
        int[] known = new int[rows.size()];
        for (int r = 0; r < rows.size(); r++) {
            known[r] = rows.get(r).length();
            first[r] = batch.add(rows.get(r), texts.get(r), known[r], texts.get(r).length);
        }
        float[][] cached = chunks(Tensors.toFloats(decoder.logits(decoder.read(batch))), V);
        for (int r = 0; r < rows.size(); r++) {
            float[][] whole = rows(decoder, FlatBatch.of(List.of(texts.get(r))));
            for (int t = known[r]; t < whole.length; t++) {
                assertThat(cached[first[r] + t - known[r]])
                        .as("%s, row %d, token %d", what, r, t)
                        .containsExactly(whole[t], within(SAME));
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
            float[][] hidden = chunks(
                    Tensors.toFloats(decoder.hidden(batch)),
                    CONFIG.architecture().width());
            float[][] head = chunks(
                    classifier.parameters().read("score.weight"),
                    CONFIG.architecture().width());
            double[][] logits = Tensors.toRows(classifier.classLogits(classifier.hidden(batch), batch));
            double[][] inBatchesOfTwo = Classifier.logits(classifier, sequences, 2);
            for (int s = 0; s < sequences.size(); s++) {
                for (int k = 0; k < 5; k++) {
                    double product = 0;
                    for (int c = 0; c < CONFIG.architecture().width(); c++) {
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
                    .isThrownBy(() -> decoder.classLogits(decoder.hidden(batch), batch))
                    .withMessageContaining("language model");
        }
    }

    @Test
    void refusesWhatItCannotRead() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 7);
                Scope scope = new Scope()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> decoder.hidden(FlatBatch.of(List.of(new int[25]))))
                    .withMessage(
                            "a sequence of 25 tokens; this model takes at most 24, which is its table of positions");
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
