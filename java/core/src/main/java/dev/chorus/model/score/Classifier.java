package dev.chorus.model.score;

import dev.chorus.model.Decoder;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Class logits of many sequences from a decoder with a classification head. */
public final class Classifier {
    private Classifier() {}

    /**
     * Classifies all sequences.
     *
     * @param batch sequences at once
     * @return [sequence][K] logits
     */
    public static double[][] logits(Decoder decoder, List<int[]> sequences, int batch) {
        double[][] all = new double[sequences.size()][];
        for (int from = 0; from < sequences.size(); from += batch) {
            int to = Math.min(from + batch, sequences.size());
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                FlatBatch flat = FlatBatch.of(sequences.subList(from, to));
                Tensor logits = decoder.classLogits(decoder.hidden(flat), flat);
                double[][] rows = Tensors.toRows(logits);
                System.arraycopy(rows, 0, all, from, rows.length);
            }
        }
        return all;
    }
}
