package dev.chorus.supervise;

import dev.chorus.labels.ItemWeights;
import java.util.List;

/**
 * How much an item's labels are to be believed, and so how much the item counts in training (Guo and Yang, arXiv:2406.19032). One
 * class each; which there are, {@link Reliabilities} lists.
 */
public interface Reliability {
    /** In configurations. */
    String name();

    /**
     * The items' weights.
     *
     * @param votes [N][W] what every weak model said of every item: a class's name or index, or a text; null for no answer
     */
    ItemWeights weights(List<List<String>> votes);
}
