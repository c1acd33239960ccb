package dev.chorus.supervise;

import dev.chorus.kernels.HeadTarget;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.model.Decoder;
import dev.chorus.model.batch.CompletionRows;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.List;

/**
 * Log-probabilities of completions under the reference of a preference training: the policy before its first step.
 *
 * <p>They are computed by the operators of a training step, in the policy's own precision. Those of another precision, or of the
 * scorer with its cache, differ from what the policy gives at step 0 by their rounding, which DPO would take for a preference.
 */
public final class ReferenceLogps {
    private static final int BATCH = 16;

    private ReferenceLogps() {}

    /** [S] summed log-probability of every completion, nats. */
    public static double[] of(Decoder decoder, List<Sequence> sequences) {
        double[] sums = new double[sequences.size()];
        for (int from = 0; from < sums.length; from += BATCH) {
            List<Sequence> batch = sequences.subList(from, Math.min(from + BATCH, sums.length));
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                FlatBatch flat =
                        FlatBatch.of(batch.stream().map(Sequence::tokens).toList());
                CompletionRows rows = CompletionRows.of(
                        flat, batch.stream().mapToInt(Sequence::start).toArray());
                float[] logps = Tensors.toFloats(LinearLogProb.forward(
                                decoder.hidden(flat).index_select(0, Tensors.longs(rows.rows(), rows.count())),
                                decoder.head(),
                                new HeadTarget.Token(Tensors.longs(rows.targets(), rows.count())),
                                null,
                                LinearLogProb.DEFAULT_BUDGET)
                        .logps());
                for (int m = 0; m < logps.length; m++) {
                    sums[from + rows.sequence()[m]] += logps[m];
                }
            }
        }
        return sums;
    }
}
