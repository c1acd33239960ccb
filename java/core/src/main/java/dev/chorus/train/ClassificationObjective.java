package dev.chorus.train;

import dev.chorus.loss.LossValue;
import dev.chorus.model.Decoder;
import dev.chorus.model.Pass;
import dev.chorus.model.batch.FlatBatch;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** A loss on the class logits of every sequence. */
public final class ClassificationObjective implements Objective {
    /** A loss that knows the labels of the batch's items. */
    @FunctionalInterface
    public interface ClassLoss {
        /** Value and gradient for logits [B, K] of the batch's items, in their order. */
        LossValue of(Tensor logits, Batch batch);
    }

    private final Decoder decoder;
    private final List<int[]> sequences;
    private final ClassLoss loss;

    /** Trains a decoder with a classification head. */
    public ClassificationObjective(Decoder decoder, List<int[]> sequences, ClassLoss loss) {
        this.decoder = decoder;
        this.sequences = sequences;
        this.loss = loss;
    }

    @Override
    public double accumulate(Batch batch) {
        List<int[]> tokens = new ArrayList<>();
        for (int item : batch.items()) {
            tokens.add(sequences.get(item));
        }
        FlatBatch flat = FlatBatch.of(tokens);
        Pass pass = decoder.forward(flat, batch.step());
        Tensor logits = decoder.classLogits(pass.hidden(), flat);
        LossValue value = loss.of(logits, batch);
        pass.backward(logits, value.gradient());
        return value.value();
    }
}
