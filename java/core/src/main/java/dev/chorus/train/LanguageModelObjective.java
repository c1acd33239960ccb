package dev.chorus.train;

import dev.chorus.loss.CrossEntropyLoss;
import dev.chorus.loss.LossValue;
import dev.chorus.model.Decoder;
import dev.chorus.model.Pass;
import dev.chorus.model.batch.CompletionRows;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Teacher forcing: cross-entropy on the completion tokens of every sequence, averaged over the batch's tokens. */
public final class LanguageModelObjective implements Objective {
    private final Decoder decoder;
    private final List<Sequence> sequences;

    /** Trains a decoder to write these completions. */
    public LanguageModelObjective(Decoder decoder, List<Sequence> sequences) {
        this.decoder = decoder;
        this.sequences = sequences;
    }

    @Override
    public double accumulate(Batch batch) {
        List<int[]> tokens = new ArrayList<>();
        int[] starts = new int[batch.items().length];
        for (int i = 0; i < starts.length; i++) {
            Sequence sequence = sequences.get(batch.items()[i]);
            tokens.add(sequence.tokens());
            starts[i] = sequence.start();
        }
        FlatBatch flat = FlatBatch.of(tokens);
        CompletionRows rows = CompletionRows.of(flat, starts);
        Pass pass = decoder.forward(flat, batch.step());
        Tensor hidden = pass.hidden().index_select(0, Tensors.longs(rows.rows(), rows.count()));
        LossValue loss = CrossEntropyLoss.ofHidden(
                hidden.detach(), decoder.head(), decoder.headGradients(), rows.targets(), null);
        pass.backward(hidden, loss.gradient());
        return loss.value();
    }
}
