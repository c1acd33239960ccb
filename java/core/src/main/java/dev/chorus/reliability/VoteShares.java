package dev.chorus.reliability;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How often each answer to one question was given.
 *
 * @param rowCounts [K] number of votes for the answer of each row; 0 for a row that is dropped
 * @param counts    votes of each different answer, in the order in which they first appear
 * @param total     votes that count
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record VoteShares(int[] rowCounts, int[] counts, int total) {
    /**
     * Counts the answers to a question; equal ones are one vote's choice.
     *
     * @param answers [K] by value (the text of an option, not its letter, where options change places); null for one that could
     *                not be read
     * @param policy  for those
     * @return without votes if every row is dropped
     */
    public static <T> VoteShares of(List<T> answers, UnparseablePolicy policy) {
        boolean dropAll =
                policy == UnparseablePolicy.DROP_QUESTION && answers.stream().anyMatch(Objects::isNull);
        Map<T, Integer> index = new HashMap<>();
        int[] answerOfRow = new int[answers.size()];
        int[] counted = new int[answers.size()];
        int total = 0;
        for (int row = 0; row < answerOfRow.length; row++) {
            T answer = answers.get(row);
            if (dropAll || (answer == null && policy != UnparseablePolicy.KEEP_AS_VOTE)) {
                answerOfRow[row] = -1;
                continue;
            }
            // A map with a null key: the unreadable ones share a vote.
            answerOfRow[row] = index.computeIfAbsent(answer, key -> index.size());
            counted[answerOfRow[row]]++;
            total++;
        }
        int[] counts = new int[index.size()];
        System.arraycopy(counted, 0, counts, 0, counts.length);
        int[] rowCounts = new int[answerOfRow.length];
        for (int row = 0; row < rowCounts.length; row++) {
            rowCounts[row] = answerOfRow[row] < 0 ? 0 : counts[answerOfRow[row]];
        }
        return new VoteShares(rowCounts, counts, total);
    }
}
