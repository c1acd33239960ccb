package dev.chorus.supervise;

import dev.chorus.kernels.HeadTarget;
import dev.chorus.kernels.LanguageHead;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.loss.ConservativeDpoLoss;
import dev.chorus.model.Decoder;
import dev.chorus.model.Pass;
import dev.chorus.model.batch.CompletionRows;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.torch.Tensors;
import dev.chorus.train.Batch;
import dev.chorus.train.Objective;
import dev.chorus.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

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
 * new Trainer(decoder.parameters(), settings, seed).run(pairs.size(), new PreferenceObjective(decoder, pairs, loss), ...);
 * }</pre>
 */
public final class PreferenceObjective implements Objective {
    /**
     * One pair.
     *
     * @param chosen            prompt and preferred completion
     * @param rejected          prompt and the other completion
     * @param referenceChosen   summed log-probability of the chosen completion under the reference
     * @param referenceRejected of the rejected one
     */
    public record Pair(Sequence chosen, Sequence rejected, double referenceChosen, double referenceRejected) {}

    private final Decoder decoder;
    private final List<Pair> pairs;
    private final ConservativeDpoLoss loss;

    /** Trains the policy, which starts as the reference. */
    public PreferenceObjective(Decoder decoder, List<Pair> pairs, ConservativeDpoLoss loss) {
        this.decoder = decoder;
        this.pairs = pairs;
        this.loss = loss;
    }

    @Override
    public double accumulate(Batch batch) {
        int p = batch.items().length;
        List<int[]> tokens = new ArrayList<>();
        int[] starts = new int[2 * p];
        float[] referenceChosen = new float[p];
        float[] referenceRejected = new float[p];
        // Sequences 0 to P-1 are chosen, P to 2P-1 rejected.
        for (int i = 0; i < p; i++) {
            Pair pair = pairs.get(batch.items()[i]);
            tokens.add(pair.chosen().tokens());
            starts[i] = pair.chosen().start();
            referenceChosen[i] = (float) pair.referenceChosen();
            referenceRejected[i] = (float) pair.referenceRejected();
        }
        for (int i = 0; i < p; i++) {
            Pair pair = pairs.get(batch.items()[i]);
            tokens.add(pair.rejected().tokens());
            starts[p + i] = pair.rejected().start();
        }
        FlatBatch flat = FlatBatch.of(tokens);
        CompletionRows rows = CompletionRows.of(flat, starts);
        Pass pass = decoder.forward(flat, batch.step());
        Tensor hidden = pass.hidden().index_select(0, Tensors.longs(rows.rows(), rows.count()));
        LanguageHead head = decoder.head();
        HeadTarget targets = new HeadTarget.Token(Tensors.longs(rows.targets(), rows.count()));
        // The gradient of a token needs its pair's sums: the logits are computed twice, and never held.
        LinearLogProb.Result forward =
                LinearLogProb.forward(hidden.detach(), head, targets, null, LinearLogProb.DEFAULT_BUDGET);
        float[] tokenLogps = Tensors.toFloats(forward.logps());
        double[] sums = new double[2 * p];
        for (int m = 0; m < rows.count(); m++) {
            sums[rows.sequence()[m]] += tokenLogps[m];
        }
        ConservativeDpoLoss.Value value =
                loss.of(range(sums, 0, p), range(sums, p, 2 * p), referenceChosen, referenceRejected);
        float[] upstream = new float[rows.count()];
        for (int m = 0; m < upstream.length; m++) {
            int sequence = rows.sequence()[m];
            upstream[m] = sequence < p ? value.dchosen()[sequence] : value.drejected()[sequence - p];
        }
        LinearLogProb.Gradients gradients = LinearLogProb.forwardBackward(
                hidden.detach(),
                head,
                targets,
                null,
                Tensors.floats(upstream, upstream.length),
                decoder.headGradients(),
                LinearLogProb.DEFAULT_BUDGET);
        pass.backward(hidden, gradients.dhidden());
        return value.value();
    }

    private static float[] range(double[] values, int from, int to) {
        float[] out = new float[to - from];
        for (int i = from; i < to; i++) {
            out[i - from] = (float) values[i];
        }
        return out;
    }
}
