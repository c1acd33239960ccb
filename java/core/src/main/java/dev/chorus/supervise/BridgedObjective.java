package dev.chorus.supervise;

import dev.chorus.kernels.LinearLogProb;
import dev.chorus.labels.ItemWeights;
import dev.chorus.loss.BridgedKlLoss;
import dev.chorus.loss.LossValue;
import dev.chorus.model.batch.Sequence;
import dev.chorus.text.WordBridge;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import dev.chorus.train.Progress;
import dev.chorus.train.TokenObjective;
import dev.chorus.train.batch.HeadRows;
import dev.chorus.train.batch.TokenRows;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The naive multi-weak ensemble for generation: every weak model's own text is a target, each token with the score that the
 * word bridge carries over from that weak model (Cui et al., arXiv:2406.03199).
 *
 * <p>In the paper a step sums over all weak models of an item. Here epoch e trains item i on the label of weak model
 * (i + e) mod W, so W epochs see every label once, at a W-th of the cost a step; the expected gradient is the same up to
 * the equal weights of the models. A sequence's loss is the mean over its completion tokens; the batch's is the mean over
 * sequences.
 */
public final class BridgedObjective implements TokenObjective {
    /**
     * One weak model's label of one item, ready for the strong tokenizer.
     *
     * @param sequence   prompt and text in strong tokens, the end of sequence included
     * @param words      the alignment of the text's weak and strong tokens
     * @param wordScores the weak model's log-score of every word
     */
    public record Target(Sequence sequence, List<WordBridge.Word> words, double[] wordScores) {}

    /** Bytes for logits and their exponentials. */
    private static final long TOP1_BUDGET = LinearLogProb.DEFAULT_BUDGET;

    private final List<List<Target>> targets;
    private final ItemWeights weights;

    /**
     * On these targets.
     *
     * @param targets [item][label] items may have different numbers; one without labels counts as removed
     * @param weights [item] how much each counts
     */
    public BridgedObjective(List<List<Target>> targets, ItemWeights weights) {
        this.targets = targets;
        this.weights = weights;
    }

    @Override
    public TokenRows rows(int[] items, int epoch) {
        int[] counted = Arrays.stream(items)
                .filter(item -> weights.of(item) > 0 && !targets.get(item).isEmpty())
                .toArray();
        return new TokenRows(
                counted,
                Arrays.stream(counted)
                        .mapToObj(item -> target(item, epoch).sequence())
                        .toList(),
                weights.of(counted),
                weights.sum(counted));
    }

    @Override
    public LossValue loss(HeadRows rows, Progress at) {
        double[] top1 = top1(rows);
        double[] scores = new double[rows.count()];
        double[] shares = new double[rows.count()];
        int m = 0;
        for (int s = 0; s < rows.batch().items().length; s++) {
            Target target = target(rows.batch().items()[s], at.epoch());
            int length = target.sequence().tokens().length - target.sequence().start();
            double[] own = new double[length];
            System.arraycopy(top1, m, own, 0, length);
            double[] tau = WordBridge.spread(target.words(), target.wordScores(), own);
            for (int t = 0; t < length; t++, m++) {
                scores[m] = Math.exp(tau[t]);
                shares[m] = rows.batch().weight(s) / (length * rows.total());
            }
        }
        LossValue mean = BridgedKlLoss.of(rows.hidden(), rows.head(), rows.into(), rows.targets(), scores, shares);
        return LossValue.of(mean.sum() * rows.total(), rows.batch().count(), mean.gradient());
    }

    private Target target(int item, int epoch) {
        List<Target> labels = targets.get(item);
        return labels.get((item + epoch) % labels.size());
    }

    /** The student's largest probability of every row: some rows' logits at a time. */
    private static double[] top1(HeadRows rows) {
        int m = rows.count();
        double[] top1 = new double[m];
        int chunk = (int) Math.max(
                1,
                Math.min(
                        m,
                        TOP1_BUDGET / (2L * Float.BYTES * rows.head().weight().size(0))));
        for (int first = 0; first < m; first += chunk) {
            int count = Math.min(chunk, m - first);
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                Tensor logits = rows.head().logits(rows.hidden().narrow(0, first, count));
                System.arraycopy(BridgedKlLoss.top1(logits), 0, top1, first, count);
            }
        }
        return top1;
    }
}
