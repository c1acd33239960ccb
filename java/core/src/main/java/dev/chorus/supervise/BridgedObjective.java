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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * The naive multi-weak ensemble for generation: every weak model's own text is a target, each token with the score that the
 * word bridge carries over from that weak model (Cui et al., arXiv:2406.03199).
 *
 * <p>In the paper a step sums over all weak models of an item, each with its weight; that is the form without turns. By turns
 * epoch e trains item i on the label of weak model (i + e) mod W, so W epochs see every label once, at a W-th of the cost a
 * step; the expected gradient is the same. A sequence's loss is the mean over its completion tokens; the batch's is the mean
 * over items.
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

    /** A loss of tokens against their bridged scores. */
    @FunctionalInterface
    public interface TokenLoss {
        /**
         * Value and gradient of the hidden states; adds the head's.
         *
         * @param scores  [M] of the rows' label tokens, in [0, 1]
         * @param weights [M] of the whole step they sum to 1
         */
        LossValue of(HeadRows rows, double[] scores, double[] weights, Progress at);
    }

    /** KL to the soft target of the naive ensemble. */
    private static final TokenLoss KL = (rows, scores, weights, at) ->
            BridgedKlLoss.of(rows.hidden(), rows.head(), rows.into(), rows.targets(), scores, weights);

    /** Bytes for logits and their exponentials. */
    private static final long TOP1_BUDGET = LinearLogProb.DEFAULT_BUDGET;

    private final List<List<Target>> targets;
    private final List<double[]> shares;
    private final boolean turns;
    private final ItemWeights weights;
    private final TokenLoss loss;

    /**
     * On these targets, by turns, all alike.
     *
     * @param targets [item][label] items may have different numbers; one without labels counts as removed
     * @param weights [item] how much each counts
     */
    public BridgedObjective(List<List<Target>> targets, ItemWeights weights) {
        this(targets, null, true, weights);
    }

    /**
     * On these targets.
     *
     * @param targets [item][label] items may have different numbers; one without labels counts as removed
     * @param shares  [item][label] how much an item's labels count, at least 0, sum 1; null for alike
     * @param turns   whether a step sees one label of an item, or all
     * @param weights [item] how much each counts
     */
    public BridgedObjective(List<List<Target>> targets, List<double[]> shares, boolean turns, ItemWeights weights) {
        this(targets, shares, turns, weights, KL);
    }

    /** The same with another loss of tokens. */
    public BridgedObjective(
            List<List<Target>> targets, List<double[]> shares, boolean turns, ItemWeights weights, TokenLoss loss) {
        this.loss = loss;
        this.targets = targets;
        this.shares = shares;
        this.turns = turns;
        this.weights = weights;
    }

    @Override
    public TokenRows rows(int[] items, int epoch) {
        int[] counted = Arrays.stream(items)
                .filter(item -> weights.of(item) > 0 && hasLabels(item))
                .toArray();
        if (turns && shares == null) {
            return new TokenRows(
                    counted,
                    Arrays.stream(counted)
                            .mapToObj(item ->
                                    targets.get(item).get(turn(item, epoch)).sequence())
                            .toList(),
                    weights.of(counted),
                    weights.sum(counted));
        }
        List<Integer> owners = new ArrayList<>();
        List<Sequence> sequences = new ArrayList<>();
        List<Double> each = new ArrayList<>();
        for (int item : counted) {
            for (int label : labels(item, epoch)) {
                double share = share(item, label);
                owners.add(item);
                sequences.add(targets.get(item).get(label).sequence());
                // By turns a label comes once in as many epochs as there are labels.
                each.add(weights.of(item) * share * (turns ? targets.get(item).size() : 1));
            }
        }
        float[] rowWeights = new float[each.size()];
        for (int s = 0; s < rowWeights.length; s++) {
            rowWeights[s] = each.get(s).floatValue();
        }
        return new TokenRows(
                owners.stream().mapToInt(Integer::intValue).toArray(), sequences, rowWeights, weights.sum(counted));
    }

    private boolean hasLabels(int item) {
        return IntStream.range(0, targets.get(item).size()).anyMatch(label -> share(item, label) > 0);
    }

    /** The labels of an item that a step sees. */
    private int[] labels(int item, int epoch) {
        return IntStream.range(0, targets.get(item).size())
                .filter(label -> share(item, label) > 0 && (!turns || label == turn(item, epoch)))
                .toArray();
    }

    private int turn(int item, int epoch) {
        return (item + epoch) % targets.get(item).size();
    }

    private double share(int item, int label) {
        return shares == null ? 1.0 / targets.get(item).size() : shares.get(item)[label];
    }

    /** The target of every sequence that was read: an item's labels stand beside each other, in their order. */
    private Target[] read(int[] items, int epoch) {
        Target[] read = new Target[items.length];
        int next = 0;
        for (int s = 0; s < read.length; s++) {
            int[] labels = labels(items[s], epoch);
            next = s > 0 && items[s - 1] == items[s] ? (next + 1) % labels.length : 0;
            read[s] = targets.get(items[s]).get(labels[next]);
        }
        return read;
    }

    @Override
    public LossValue loss(HeadRows rows, Progress at) {
        double[] top1 = top1(rows);
        Target[] read = read(rows.batch().items(), at.epoch());
        double[] scores = new double[rows.count()];
        double[] each = new double[rows.count()];
        int m = 0;
        for (int s = 0; s < read.length; s++) {
            Target target = read[s];
            int length = target.sequence().tokens().length - target.sequence().start();
            double[] own = new double[length];
            System.arraycopy(top1, m, own, 0, length);
            double[] tau = WordBridge.spread(target.words(), target.wordScores(), own);
            for (int t = 0; t < length; t++, m++) {
                scores[m] = Math.exp(tau[t]);
                each[m] = rows.batch().weight(s) / (length * rows.total());
            }
        }
        LossValue mean = loss.of(rows, scores, each, at);
        return LossValue.of(mean.sum() * rows.total(), rows.batch().count(), mean.gradient());
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
