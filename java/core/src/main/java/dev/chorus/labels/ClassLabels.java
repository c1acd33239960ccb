package dev.chorus.labels;

import java.util.List;

/**
 * One labeler's soft class labels.
 *
 * @param labeler       its name
 * @param ids           [N] of the examples
 * @param probabilities [N][K], rows sum to 1; a null row is a missing answer
 * @param develScore    the labeler's accuracy on devel, by which the best single one is chosen
 */
public record ClassLabels(String labeler, List<String> ids, double[][] probabilities, double develScore)
        implements Labels {}
