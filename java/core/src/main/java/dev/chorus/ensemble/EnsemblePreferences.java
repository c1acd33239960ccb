package dev.chorus.ensemble;

import dev.chorus.aggregate.LabelerWeights;
import dev.chorus.aggregate.PreferencePairs;
import dev.chorus.data.Example;
import dev.chorus.model.generate.BeamSearch.Hypothesis;
import dev.chorus.task.slurp.SlotModel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleConsumer;

/**
 * Preference pairs without a human: a student's own candidates for every sentence, ranked by what the weak models think of
 * them (Cui et al., arXiv:2406.03199). Chosen is the candidate with the highest mean over weak models of the mean token
 * log-probability, rejected the lowest.
 *
 * <p>First {@link #generate}, then {@link #score} once for every weak model, then {@link #pairs}.
 */
public final class EnsemblePreferences {
    private final List<Example> prompts;
    private final List<double[][]> scores = new ArrayList<>();
    private List<List<Hypothesis>> candidates = List.of();
    private List<List<String>> texts = List.of();

    /**
     * A pair for one sentence.
     *
     * @param item index of the sentence
     */
    public record Pair(int item, Hypothesis chosen, Hypothesis rejected) {}

    /** For these sentences. */
    public EnsemblePreferences(List<Example> prompts) {
        this.prompts = List.copyOf(prompts);
    }

    /** Asks the student for as many candidates a sentence as its search has beams. */
    public void generate(SlotModel student, DoubleConsumer progress) {
        candidates = student.generate(prompts, progress);
        texts = candidates.stream()
                .map(list -> list.stream()
                        .map(hypothesis -> student.model()
                                .tokenizer()
                                .decode(hypothesis.tokens())
                                .strip())
                        .toList())
                .toList();
    }

    /** Asks one weak model for its opinion on all candidates. */
    public void score(SlotModel weak) {
        scores.add(weak.meanLogps(prompts, texts));
    }

    /** One pair a sentence at most; none where all candidates are one text or score the same. */
    public List<Pair> pairs() {
        double[] omega = LabelerWeights.equal(scores.size());
        List<Pair> pairs = new ArrayList<>();
        for (int n = 0; n < prompts.size(); n++) {
            int item = n;
            double[][] byCandidate = new double[texts.get(n).size()][scores.size()];
            for (int c = 0; c < byCandidate.length; c++) {
                for (int w = 0; w < scores.size(); w++) {
                    byCandidate[c][w] = scores.get(w)[n][c];
                }
            }
            PreferencePairs.choose(texts.get(n), byCandidate, omega)
                    .ifPresent(pair -> pairs.add(new Pair(
                            item,
                            candidates.get(item).get(pair.chosen()),
                            candidates.get(item).get(pair.rejected()))));
        }
        return pairs;
    }
}
