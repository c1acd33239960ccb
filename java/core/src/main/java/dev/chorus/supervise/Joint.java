package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.labels.TextLabels;
import dev.chorus.labels.TextLabels.TextLabel;
import dev.chorus.supervise.BridgedObjective.Target;
import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.TokenObjective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Joint decoding (Cui et al., arXiv:2406.03199): the weak models agree on one target an item ({@link JointChoice}). Of texts it is the
 * one of their pooled n-best lists that all of them together hold most probable, with the token scores of the model that wrote it;
 * of classes, which is ours, the one of the largest weighted geometric mean.
 */
public final class Joint implements Supervision {
    /**
     * How the weak models agree.
     *
     * @param weights of their scores
     */
    public record Options(
            @Key(value = "how much each weak model's score counts", fallback = Weighting.MEAN)
            Weighting weights) implements TeamOptions {
        @Override
        public void check(Team team) {
            weights.check(team, ModelWeights.Preset.JOINT);
        }
    }

    @Override
    public String name() {
        return "joint";
    }

    @Override
    public String title() {
        return "student, joint decoding";
    }

    @Override
    public Set<Task.Kind> kinds() {
        return EnumSet.allOf(Task.Kind.class);
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(Weighting.mean()));
    }

    @Override
    public boolean rescores() {
        return true;
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        double[][] omega = ClassWeights.of(set, ((Options) options).weights(), ModelWeights.Preset.JOINT);
        double[][] rows = new double[omega.length][];
        for (int n = 0; n < rows.length; n++) {
            if (Arrays.stream(omega[n]).sum() > 0) {
                int item = n;
                double[][] answers = set.labels().stream()
                        .map(each -> each.probabilities()[item])
                        .toArray(double[][]::new);
                rows[n] = new double[set.classes()];
                rows[n][JointChoice.ofClasses(answers, omega[n]).winner()] = 1;
            }
        }
        return SoftTargets.objective(set, rows);
    }

    @Override
    public TokenObjective texts(TextSet set, Record options) {
        Weighting weights = ((Options) options).weights();
        List<List<Target>> targets = new ArrayList<>();
        for (int n = 0; n < set.prompts().size(); n++) {
            TextLabel winner = winner(set, weights, n);
            Target target = BridgedTargets.target(set.tokenizer(), set.prompts().get(n), winner);
            int length = target.sequence().tokens().length;
            boolean fits = length > target.sequence().start() && length <= set.longest();
            targets.add(fits ? List.of(target) : List.of());
        }
        return new BridgedObjective(targets, set.weights());
    }

    private static TextLabel winner(TextSet set, Weighting weights, int item) {
        List<JointChoice.Candidate> pool = pool(set.labels(), item);
        double[][] scores = new double[pool.size()][set.labels().size()];
        double[] sureness = new double[set.labels().size()];
        for (int i = 0; i < sureness.length; i++) {
            sureness[i] = set.labels().get(i).nBest().get(item).get(0).meanLogp();
            for (int c = 0; c < scores.length; c++) {
                scores[c][i] = set.rescored()[i][item][c];
            }
        }
        double[] omega = weights.of(
                set.aggregate() == null ? null : set.aggregate().judged(), 0, sureness, ModelWeights.Preset.JOINT);
        JointChoice.Candidate best = pool.get(JointChoice.of(scores, omega).winner());
        return set.labels().get(best.model()).nBest().get(item).get(best.rank());
    }

    /** The different texts of all weak models' n-best lists of an item, in the order in which they are rescored. */
    public static List<JointChoice.Candidate> pool(List<TextLabels> labels, int item) {
        return JointChoice.pool(labels.stream()
                .map(each ->
                        each.nBest().get(item).stream().map(TextLabel::text).toList())
                .toList());
    }
}
