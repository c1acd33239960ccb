package dev.chorus.ensemble;

import dev.chorus.aggregate.LabelerWeights;
import dev.chorus.aggregate.PreferencePairs;
import dev.chorus.data.Item;
import dev.chorus.model.generate.BeamSearch.Hypothesis;
import dev.chorus.task.TextModel;
import dev.chorus.task.TextModel.Candidate;
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
    private final List<? extends Item> prompts;
    private final List<double[][]> scores = new ArrayList<>();
    private List<List<Hypothesis>> hypotheses = List.of();
    private List<List<Candidate>> candidates = List.of();

    /**
     * A pair for one prompt.
     *
     * @param item           index of the prompt
     * @param chosenScores   [W] of the chosen candidate under every weak model, nats a token
     * @param rejectedScores [W] of the rejected one
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Pair(
            int item, Hypothesis chosen, Hypothesis rejected, double[] chosenScores, double[] rejectedScores) {}

    /** For these prompts. */
    public EnsemblePreferences(List<? extends Item> prompts) {
        this.prompts = List.copyOf(prompts);
    }

    /**
     * Asks the student for as many candidates a prompt as its search has beams. One that was cut before it said anything is left
     * out: there is nothing to score.
     */
    public void generate(TextModel student, DoubleConsumer progress) {
        hypotheses = new ArrayList<>();
        candidates = new ArrayList<>();
        for (List<Hypothesis> list : student.generate(prompts, progress)) {
            List<Hypothesis> kept = new ArrayList<>();
            List<Candidate> texts = new ArrayList<>();
            for (Hypothesis hypothesis : list) {
                String text =
                        student.model().tokenizer().decode(hypothesis.tokens()).strip();
                if (hypothesis.ended() || !text.isEmpty()) {
                    kept.add(hypothesis);
                    texts.add(new Candidate(text, hypothesis.ended()));
                }
            }
            hypotheses.add(kept);
            candidates.add(texts);
        }
    }

    /** Asks one weak model for its opinion on all candidates. */
    public void score(TextModel weak) {
        scores.add(weak.meanLogps(prompts, candidates));
    }

    /** One pair a prompt at most; none where all candidates are one text or score the same. */
    public List<Pair> pairs() {
        double[] omega = LabelerWeights.equal(scores.size());
        List<Pair> pairs = new ArrayList<>();
        for (int n = 0; n < prompts.size(); n++) {
            int item = n;
            double[][] byCandidate = new double[candidates.get(n).size()][scores.size()];
            for (int c = 0; c < byCandidate.length; c++) {
                for (int w = 0; w < scores.size(); w++) {
                    byCandidate[c][w] = scores.get(w)[n][c];
                }
            }
            List<String> texts = candidates.get(n).stream().map(Candidate::text).toList();
            PreferencePairs.choose(texts, byCandidate, omega)
                    .ifPresent(pair -> pairs.add(new Pair(
                            item,
                            hypotheses.get(item).get(pair.chosen()),
                            hypotheses.get(item).get(pair.rejected()),
                            byCandidate[pair.chosen()],
                            byCandidate[pair.rejected()])));
        }
        return pairs;
    }
}
