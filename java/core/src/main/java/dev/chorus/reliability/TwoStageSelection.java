package dev.chorus.reliability;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Two-stage relabelling: the student first learns from what a filter kept, answers the questions that were filtered out, and a
 * second round trains on both.
 *
 * @param first   rows of the first round, which the filter kept, in order
 * @param relabel rows that the student of the first round answers anew: of each question that lost all its rows, the first
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TwoStageSelection(int[] first, int[] relabel) {
    private static final String NAME = "two-stage relabelling";

    /**
     * Splits the rows.
     *
     * @param keep       [rows] what the filter says
     * @param questionOf [rows] the question of each row
     */
    public static TwoStageSelection of(boolean[] keep, int[] questionOf) {
        if (keep.length != questionOf.length) {
            throw new IllegalArgumentException(
                    NAME + ": expected a question for each of " + keep.length + " rows, got " + questionOf.length);
        }
        List<Integer> first = new ArrayList<>();
        // The first row of a question, or -1 once a row of it was kept.
        Map<Integer, Integer> open = new LinkedHashMap<>();
        for (int row = 0; row < keep.length; row++) {
            if (keep[row]) {
                first.add(row);
                open.put(questionOf[row], -1);
            } else {
                open.putIfAbsent(questionOf[row], row);
            }
        }
        int[] relabel = open.values().stream()
                .filter(row -> row >= 0)
                .mapToInt(Integer::intValue)
                .toArray();
        return new TwoStageSelection(first.stream().mapToInt(Integer::intValue).toArray(), relabel);
    }

    /**
     * The rows of the second round that carry the student's answers.
     *
     * @param confidence [relabel.length] of the student in its answers; NaN for one that could not be read
     * @param least      that an answer needs
     * @return rows, in order
     */
    public int[] accepted(double[] confidence, double least) {
        if (confidence.length != relabel.length) {
            throw new IllegalArgumentException(NAME + ": expected the student's confidence in " + relabel.length
                    + " answers, got " + confidence.length);
        }
        List<Integer> rows = new ArrayList<>();
        for (int i = 0; i < relabel.length; i++) {
            if (confidence[i] >= least) {
                rows.add(relabel[i]);
            }
        }
        return rows.stream().mapToInt(Integer::intValue).toArray();
    }
}
