package dev.chorus.labels;

import java.util.List;

/** What one weak model said of the same items as the others. */
public sealed interface Labels permits ClassLabels, TextLabels {
    /** The weak model's name. */
    String labeler();

    /** [N] ids of the items. */
    List<String> ids();

    /** The weak model's score on devel, by which the best single one is chosen. */
    double develScore();
}
