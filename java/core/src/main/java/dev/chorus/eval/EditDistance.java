package dev.chorus.eval;

/** Least number of insertions, deletions and substitutions that turn one sequence into another (Levenshtein 1966). */
final class EditDistance {

    private EditDistance() {}

    /** Distance between two sequences of symbols, at most the length of the longer one. Two rows of memory. */
    static int between(int[] from, int[] to) {
        int[] above = new int[to.length + 1];
        int[] row = new int[to.length + 1];
        for (int j = 0; j <= to.length; j++) {
            above[j] = j;
        }
        for (int i = 1; i <= from.length; i++) {
            row[0] = i;
            for (int j = 1; j <= to.length; j++) {
                int substitute = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                row[j] = Math.min(substitute, 1 + Math.min(above[j], row[j - 1]));
            }
            int[] swap = above;
            above = row;
            row = swap;
        }
        return above[to.length];
    }
}
