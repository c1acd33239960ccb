package dev.chorus.aggregate.pairs;

/**
 * Which of two things labelers preferred.
 *
 * @param items   number of things compared, numbered from 0
 * @param workers number of labelers
 * @param winner  [n] the preferred one
 * @param loser   [n] the other
 * @param worker  [n] who said so
 * @param leftWon [n] whether the preferred one stood on the left, or came first
 */
public record Comparisons(int items, int workers, int[] winner, int[] loser, int[] worker, boolean[] leftWon) {

    /** Checks lengths and ranges. */
    public Comparisons {
        if (loser.length != winner.length || worker.length != winner.length || leftWon.length != winner.length) {
            throw new IllegalArgumentException("comparisons: expected arrays of one length, got " + winner.length
                    + " winners, " + loser.length + " losers, " + worker.length + " workers and " + leftWon.length
                    + " sides");
        }
        for (int n = 0; n < winner.length; n++) {
            if (winner[n] < 0 || winner[n] >= items || loser[n] < 0 || loser[n] >= items || winner[n] == loser[n]) {
                throw new IllegalArgumentException("comparisons: expected two different items below " + items + ", got "
                        + winner[n] + " and " + loser[n] + " at comparison " + n);
            }
            if (worker[n] < 0 || worker[n] >= workers) {
                throw new IllegalArgumentException("comparisons: expected a worker below " + workers + ", got "
                        + worker[n] + " at comparison " + n);
            }
        }
    }

    /** Number of comparisons. */
    public int size() {
        return winner.length;
    }
}
