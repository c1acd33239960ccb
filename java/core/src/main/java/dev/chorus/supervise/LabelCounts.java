package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.ClassLabels;
import dev.chorus.loss.LabelCountLoss;
import dev.chorus.math.Argmax;
import dev.chorus.train.ClassObjective;
import java.util.Optional;

/** The evidential loss of hard votes: how many weak models chose each class ({@link LabelCountLoss}; arXiv:2402.12862). */
public final class LabelCounts extends LossSupervision {
    /**
     * The form.
     *
     * @param evidence how logits become evidence
     * @param joint    whether all votes are one draw
     * @param r1       weight of the KL of misleading evidence
     * @param r2       weight of the KL to the mean vote
     */
    public record Options(
            @Key(value = "how logits become evidence", fallback = "exp")
            Evidence evidence,

            @Key(
                    value = "whether all votes of an item are one draw (Dirichlet-multinomial), not one each",
                    fallback = "false")
            boolean joint,

            @Key(
                    value = "of the term that pulls misleading evidence down; reached linearly over the training",
                    fallback = "0",
                    range = "[0,)")
            double r1,

            @Key(value = "of the KL of the student's mean from the mean vote; likewise", fallback = "0", range = "[0,)")
            double r2) {}

    @Override
    public String name() {
        return "label-counts";
    }

    @Override
    public String title() {
        return "student, label counts";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(Evidence.EXP, false, 0, 0));
    }

    @Override
    public Optional<Evidence> readout(Record options) {
        return Optional.of(((Options) options).evidence());
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        LabelCountLoss loss = new LabelCountLoss(chosen.evidence(), chosen.joint(), chosen.r1(), chosen.r2());
        return objective(set, counts(set), (logits, counts, at) -> loss.of(logits, counts, at.share()));
    }

    /** [N][K] votes; null for an item without one. */
    private static double[][] counts(ClassSet set) {
        double[][] counts = new double[set.inputs().size()][];
        for (ClassLabels each : set.labels()) {
            for (int n = 0; n < counts.length; n++) {
                double[] row = each.probabilities()[n];
                if (row != null) {
                    counts[n] = counts[n] == null ? new double[set.classes()] : counts[n];
                    counts[n][Argmax.of(row)]++;
                }
            }
        }
        return counts;
    }
}
