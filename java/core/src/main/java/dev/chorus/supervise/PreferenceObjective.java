package dev.chorus.supervise;

import dev.chorus.kernels.HeadTarget;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.labels.ItemWeights;
import dev.chorus.loss.ConservativeDpoLoss;
import dev.chorus.loss.LossValue;
import dev.chorus.model.batch.Sequence;
import dev.chorus.torch.Tensors;
import dev.chorus.train.Progress;
import dev.chorus.train.TokenObjective;
import dev.chorus.train.batch.HeadRows;
import dev.chorus.train.batch.TokenRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * DPO on pairs of completions whose reference log-probabilities were computed once, before training.
 *
 * <p>With a low-rank adapter one set of weights is both: the policy is the decoder with the adapter on, the reference the same
 * decoder with it off. Nothing is held twice.
 *
 * <pre>{@code
 * Adapter adapter = decoder.adapt(LoraConfig.of(8), seed);       // weights opened frozen
 * try (Adapter.Off off = adapter.off()) {
 *     reference = SequenceScorer.tokenLogps(decoder, sequences, 4096);
 * }
 * new Trainer(decoder, settings, seed).run(pairs.size(), new PreferenceObjective(pairs, loss), ...);
 * }</pre>
 */
public final class PreferenceObjective implements TokenObjective {
    /**
     * One pair.
     *
     * @param chosen            prompt and preferred completion
     * @param rejected          prompt and the other completion
     * @param referenceChosen   summed log-probability of the chosen completion under the reference
     * @param referenceRejected of the rejected one
     */
    public record Pair(Sequence chosen, Sequence rejected, double referenceChosen, double referenceRejected) {}

    private final List<Pair> pairs;
    private final ItemWeights weights;
    private final ConservativeDpoLoss loss;
    private final double[] flips;

    /** On pairs that count alike; the policy starts as the reference. */
    public PreferenceObjective(List<Pair> pairs, ConservativeDpoLoss loss) {
        this(pairs, ItemWeights.even(pairs.size()), loss);
    }

    /**
     * On these pairs.
     *
     * @param weights [pairs] how much each counts
     */
    public PreferenceObjective(List<Pair> pairs, ItemWeights weights, ConservativeDpoLoss loss) {
        this(pairs, weights, null, loss);
    }

    /**
     * The same with a flip probability of each pair.
     *
     * @param flips [pairs] that the pair is the wrong way round, in [0, 1]; null for the loss's epsilon
     */
    public PreferenceObjective(List<Pair> pairs, ItemWeights weights, double[] flips, ConservativeDpoLoss loss) {
        this.flips = flips == null ? null : flips.clone();
        this.pairs = pairs;
        this.weights = weights;
        this.loss = loss;
    }

    /** Sequences 0 to P-1 are chosen, P to 2P-1 rejected. */
    @Override
    public TokenRows rows(int[] items, int epoch) {
        int[] counted =
                Arrays.stream(items).filter(item -> weights.of(item) > 0).toArray();
        int p = counted.length;
        int[] twice = new int[2 * p];
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < 2 * p; i++) {
            twice[i] = counted[i % p];
            Pair pair = pairs.get(twice[i]);
            sequences.add(i < p ? pair.chosen() : pair.rejected());
        }
        return new TokenRows(twice, sequences, weights.of(twice), weights.sum(counted));
    }

    @Override
    public LossValue loss(HeadRows rows, Progress at) {
        int p = rows.batch().items().length / 2;
        float[] referenceChosen = new float[p];
        float[] referenceRejected = new float[p];
        float[] ownFlips = flips == null ? null : new float[p];
        for (int i = 0; i < p; i++) {
            Pair pair = pairs.get(rows.batch().items()[i]);
            if (ownFlips != null) {
                ownFlips[i] = (float) flips[rows.batch().items()[i]];
            }
            referenceChosen[i] = (float) pair.referenceChosen();
            referenceRejected[i] = (float) pair.referenceRejected();
        }
        HeadTarget targets = new HeadTarget.Token(Tensors.longs(rows.targets(), rows.count()));
        // The gradient of a token needs its pair's sums: the logits are computed twice, and never held.
        LinearLogProb.Result forward =
                LinearLogProb.forward(rows.hidden(), rows.head(), targets, null, LinearLogProb.DEFAULT_BUDGET);
        double[] sums = sums(Tensors.toFloats(forward.logps()), rows.sequence(), 2 * p);
        float[] pairWeights = rows.batch().weights() == null
                ? null
                : Arrays.copyOf(rows.batch().weights(), p);
        ConservativeDpoLoss.Value value = loss.of(
                range(sums, 0, p),
                range(sums, p, 2 * p),
                referenceChosen,
                referenceRejected,
                pairWeights,
                ownFlips,
                rows.total());
        float[] upstream = new float[rows.count()];
        for (int m = 0; m < upstream.length; m++) {
            int sequence = rows.sequence()[m];
            upstream[m] = sequence < p ? value.dchosen()[sequence] : value.drejected()[sequence - p];
        }
        LinearLogProb.Gradients gradients = LinearLogProb.forwardBackward(
                rows.hidden(),
                rows.head(),
                targets,
                null,
                Tensors.floats(upstream, upstream.length),
                rows.into(),
                LinearLogProb.DEFAULT_BUDGET);
        return new LossValue(
                value.sum(),
                value.count(),
                gradients.dhidden(),
                Map.of("rewards/accuracies", (double) value.right(), "rewards/margins", value.margin()));
    }

    private static double[] sums(float[] logps, int[] sequence, int sequences) {
        double[] sums = new double[sequences];
        for (int m = 0; m < logps.length; m++) {
            sums[sequence[m]] += logps[m];
        }
        return sums;
    }

    private static float[] range(double[] values, int from, int to) {
        float[] out = new float[to - from];
        for (int i = from; i < to; i++) {
            out[i - from] = (float) values[i];
        }
        return out;
    }
}
