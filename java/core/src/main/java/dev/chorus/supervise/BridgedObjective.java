package dev.chorus.supervise;

import dev.chorus.kernels.LanguageHead;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.loss.BridgedKlLoss;
import dev.chorus.loss.LossValue;
import dev.chorus.model.Decoder;
import dev.chorus.model.Pass;
import dev.chorus.model.batch.CompletionRows;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.text.WordBridge;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import dev.chorus.train.Batch;
import dev.chorus.train.Objective;
import java.util.ArrayList;
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
public final class BridgedObjective implements Objective {
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

    private final Decoder decoder;
    private final List<List<Target>> targets;

    /**
     * Trains a decoder.
     *
     * @param targets [item][label] items may have different numbers; one without labels counts as removed
     */
    public BridgedObjective(Decoder decoder, List<List<Target>> targets) {
        this.decoder = decoder;
        this.targets = targets;
    }

    @Override
    public double accumulate(Batch batch) {
        List<Target> chosen = new ArrayList<>();
        List<int[]> tokens = new ArrayList<>();
        for (int item : batch.items()) {
            List<Target> labels = targets.get(item);
            if (!labels.isEmpty()) {
                Target target = labels.get((item + batch.epoch()) % labels.size());
                chosen.add(target);
                tokens.add(target.sequence().tokens());
            }
        }
        if (chosen.isEmpty()) {
            return 0;
        }
        int[] starts =
                chosen.stream().mapToInt(target -> target.sequence().start()).toArray();
        FlatBatch flat = FlatBatch.of(tokens);
        CompletionRows rows = CompletionRows.of(flat, starts);
        Pass pass = decoder.forward(flat, batch.step());
        Tensor hidden = pass.hidden().index_select(0, Tensors.longs(rows.rows(), rows.count()));
        LanguageHead head = decoder.head();
        double[] top1 = top1(hidden.detach(), rows.count(), head.weight().size(0));
        double[] scores = new double[rows.count()];
        double[] weights = new double[rows.count()];
        int m = 0;
        for (Target target : chosen) {
            int length = target.sequence().tokens().length - target.sequence().start();
            double[] own = new double[length];
            System.arraycopy(top1, m, own, 0, length);
            double[] tau = WordBridge.spread(target.words(), target.wordScores(), own);
            for (int t = 0; t < length; t++, m++) {
                scores[m] = Math.exp(tau[t]);
                weights[m] = 1.0 / (length * (double) chosen.size());
            }
        }
        LossValue loss =
                BridgedKlLoss.of(hidden.detach(), head, decoder.headGradients(), rows.targets(), scores, weights);
        pass.backward(hidden, loss.gradient());
        return loss.value();
    }

    /** The student's largest probability of every row of hidden [M, E] over V tokens: some rows' logits at a time. */
    private double[] top1(Tensor hidden, int m, long v) {
        double[] top1 = new double[m];
        int chunk = (int) Math.max(1, Math.min(m, TOP1_BUDGET / (2L * Float.BYTES * v)));
        for (int first = 0; first < m; first += chunk) {
            int count = Math.min(chunk, m - first);
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                Tensor logits = decoder.logits(hidden.narrow(0, first, count));
                System.arraycopy(BridgedKlLoss.top1(logits), 0, top1, first, count);
            }
        }
        return top1;
    }
}
