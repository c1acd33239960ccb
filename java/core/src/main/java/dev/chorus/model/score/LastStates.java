package dev.chorus.model.score;

import dev.chorus.model.Decoder;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** The final hidden state of the last token of many sequences: what a probe reads. */
public final class LastStates {
    private LastStates() {}

    /**
     * The states.
     *
     * @param sequences token ids, none empty
     * @param batch     sequences at once
     * @return [sequence][C]
     */
    public static double[][] of(Decoder decoder, List<int[]> sequences, int batch) {
        double[][] all = new double[sequences.size()][];
        for (int from = 0; from < sequences.size(); from += batch) {
            int to = Math.min(from + batch, sequences.size());
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                FlatBatch flat = FlatBatch.of(sequences.subList(from, to));
                Tensor last = decoder.hidden(flat).index_select(0, Tensors.longs(flat.lastTokens(), flat.sequences()));
                System.arraycopy(Tensors.toRows(last), 0, all, from, to - from);
            }
        }
        return all;
    }
}
