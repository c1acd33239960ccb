package dev.chorus.model.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.Decoder;
import dev.chorus.model.TinyConfigs;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.cache.CachedSequence;
import dev.chorus.model.cache.KeyValueCache;
import dev.chorus.model.weights.Precision;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Candidates of one question share what they have in common, and nobody can tell from the scores. */
class SequenceScorerTest {
    /** Log-probabilities of up to ten nats in f32, summed in other orders. */
    private static final double LOGP = 2e-5;

    private static final int EVERYTHING = 100_000;

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @ParameterizedTest
    @EnumSource
    void sharedPagesScoreAsEveryCandidateAlone(TinyConfigs tiny) {
        List<Sequence> candidates = candidates();
        try (Decoder decoder = TinyDecoders.random(tiny.config(), 5)) {
            double[][] together = SequenceScorer.tokenLogps(decoder, candidates, EVERYTHING);
            for (int i = 0; i < candidates.size(); i++) {
                double[] expected = plain(decoder, candidates.get(i));
                assertThat(together[i]).as("candidate %d", i).containsExactly(expected, within(LOGP));
                assertThat(SequenceScorer.tokenLogps(decoder, List.of(candidates.get(i)), 1)[0])
                        .containsExactly(expected, within(LOGP));
            }
        }
    }

    /** Two whole pages of the question are read once instead of five times. */
    @Test
    void fewerTokensAreComputed() {
        List<Sequence> candidates = candidates();
        try (Decoder decoder = TinyDecoders.random(TinyConfigs.LLAMA.config(), 5);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients();
                KeyValueCache cache = new KeyValueCache(decoder.architecture(), Precision.F32, 1, 20)) {
            CachedBatch batch = new CachedBatch(cache);
            List<Integer> last = new ArrayList<>();
            int tokens = 0;
            for (Sequence candidate : candidates) {
                int[] text = candidate.tokens();
                CachedSequence cached = new CachedSequence(cache);
                int known = cached.adopt(text, candidate.start() - 1);
                last.add(batch.add(cached, text, known, text.length) + text.length - known - 1);
                tokens += text.length;
            }
            assertThat(batch.tokens()).isEqualTo(tokens - 4 * 32);
            double[][] shared = Tensors.toRows(decoder.read(batch));
            for (int i = 0; i < candidates.size(); i++) {
                FlatBatch alone = FlatBatch.of(List.of(candidates.get(i).tokens()));
                double[][] hidden = Tensors.toRows(decoder.hidden(alone));
                assertThat(shared[last.get(i)]).containsExactly(hidden[hidden.length - 1], within(LOGP));
            }
        }
    }

    @Test
    void batchesDoNotMatter() {
        List<Sequence> sequences = new ArrayList<>(candidates());
        TinyDecoders.sequences(TinyConfigs.VOCABULARY, 8, 3, 20, 2, 33)
                .forEach(tokens -> sequences.add(new Sequence(tokens, 1)));
        List<Integer> heard = new ArrayList<>();
        try (Decoder decoder = TinyDecoders.random(TinyConfigs.QWEN3.config(), 5)) {
            double[][] expected = SequenceScorer.tokenLogps(decoder, sequences, 1, heard::add);
            assertThat(heard).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
            for (int batchTokens : new int[] {30, 70, EVERYTHING}) {
                double[][] found = SequenceScorer.tokenLogps(decoder, sequences, batchTokens);
                for (int i = 0; i < found.length; i++) {
                    assertThat(found[i]).containsExactly(expected[i], within(LOGP));
                }
            }
        }
    }

    @Test
    void emptyCompletionsAndBadStarts() {
        int[] text = TinyDecoders.sequences(TinyConfigs.VOCABULARY, 1, 6).get(0);
        try (Decoder decoder = TinyDecoders.random(TinyConfigs.LLAMA.config(), 5)) {
            assertThat(SequenceScorer.tokenLogps(decoder, List.of(new Sequence(text, 6)), 10)[0])
                    .isEmpty();
            assertThat(SequenceScorer.tokenLogps(decoder, List.of(), 10)).isEmpty();
            for (int start : new int[] {0, 7}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> SequenceScorer.tokenLogps(
                                decoder, List.of(new Sequence(text, 1), new Sequence(text, start)), 1000))
                        .withMessage("sequence 1: completion start " + start
                                + " is outside 1..6; the first token has nothing before it");
            }
        }
    }

    @Test
    void leavesNoNativeObjectsBehind() {
        try (Decoder decoder = TinyDecoders.random(TinyConfigs.BLOOM.config(), 5)) {
            SequenceScorer.tokenLogps(decoder, candidates(), 100);
            long before = Pointer.totalCount();
            SequenceScorer.tokenLogps(decoder, candidates(), 100);
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        }
    }

    /** Five answers of different lengths, one of them twice, to a question of 37 tokens. */
    private static List<Sequence> candidates() {
        int[] question = TinyDecoders.sequences(TinyConfigs.VOCABULARY, 6, 37).get(0);
        List<int[]> answers = TinyDecoders.sequences(TinyConfigs.VOCABULARY, 7, 2, 19, 1, 12);
        return List.of(
                Sequence.of(question, answers.get(0)),
                Sequence.of(question, answers.get(1)),
                Sequence.of(question, answers.get(2)),
                Sequence.of(question, answers.get(1)),
                Sequence.of(question, answers.get(3)));
    }

    /** The definition: log-softmax in double over a pass without a cache. */
    private static double[] plain(Decoder decoder, Sequence sequence) {
        int[] tokens = sequence.tokens();
        double[] logps = new double[tokens.length - sequence.start()];
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            double[][] logits = Tensors.toRows(decoder.logits(decoder.hidden(FlatBatch.of(List.of(tokens)))));
            for (int t = sequence.start(); t < tokens.length; t++) {
                double sum = 0;
                for (double logit : logits[t - 1]) {
                    sum += Math.exp(logit);
                }
                logps[t - sequence.start()] = logits[t - 1][tokens[t]] - Math.log(sum);
            }
        }
        return logps;
    }
}
