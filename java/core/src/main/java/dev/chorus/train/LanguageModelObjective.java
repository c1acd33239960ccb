package dev.chorus.train;

import dev.chorus.labels.ItemWeights;
import dev.chorus.loss.CrossEntropyLoss;
import dev.chorus.loss.LossValue;
import dev.chorus.model.batch.Sequence;
import dev.chorus.train.batch.HeadRows;
import dev.chorus.train.batch.TokenRows;
import java.util.Arrays;
import java.util.List;

/** Teacher forcing: cross-entropy on the completion tokens of every sequence, averaged over the step's tokens. */
public final class LanguageModelObjective implements TokenObjective {
    private final List<Sequence> sequences;
    private final ItemWeights weights;

    /** On these completions, which count alike. */
    public LanguageModelObjective(List<Sequence> sequences) {
        this(sequences, ItemWeights.even(sequences.size()));
    }

    /**
     * On these completions.
     *
     * @param weights [N] how much each counts: its tokens' share of the mean
     */
    public LanguageModelObjective(List<Sequence> sequences, ItemWeights weights) {
        this.sequences = sequences;
        this.weights = weights;
    }

    @Override
    public TokenRows rows(int[] items, int epoch) {
        int[] counted = Arrays.stream(items)
                .filter(item -> weights.of(item) > 0 && completion(item) > 0)
                .toArray();
        double count = 0;
        for (int item : counted) {
            count += weights.of(item) * completion(item);
        }
        return new TokenRows(
                counted, Arrays.stream(counted).mapToObj(sequences::get).toList(), weights.of(counted), count);
    }

    @Override
    public LossValue loss(HeadRows rows, Progress at) {
        return CrossEntropyLoss.ofHidden(
                rows.hidden(), rows.head(), rows.into(), rows.targets(), rows.weights(), rows.total());
    }

    private int completion(int item) {
        Sequence sequence = sequences.get(item);
        return sequence.tokens().length - sequence.start();
    }
}
