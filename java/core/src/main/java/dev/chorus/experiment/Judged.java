package dev.chorus.experiment;

import dev.chorus.data.Item;
import dev.chorus.labels.Labels;
import java.util.List;

/**
 * Items with gold labels that no weak model was taught, and what the weak models say of them.
 *
 * @param on       where they are from
 * @param examples J of them
 * @param labels   of W weak models
 */
record Judged<E extends Item, L extends Labels>(String on, List<E> examples, List<L> labels) {}
