package dev.chorus.aggregate;

import dev.chorus.aggregate.votes.Votes;

/** Votes that several tests use. */
public final class SmallVotes {

    private SmallVotes() {}

    /** Six tasks, the labelers A, B, C and D, two classes. */
    public static Votes golden() {
        return rows(2, "0001", "0000", "1110", "1101", "0101", "1111");
    }

    /** One string a task, a digit a labeler; any other character abstains. */
    public static Votes rows(int classes, String... rows) {
        int workers = rows[0].length();
        int[] task = new int[rows.length * workers];
        int[] worker = new int[task.length];
        int[] label = new int[task.length];
        int n = 0;
        for (int t = 0; t < rows.length; t++) {
            for (int w = 0; w < workers; w++) {
                if (Character.isDigit(rows[t].charAt(w))) {
                    task[n] = t;
                    worker[n] = w;
                    label[n++] = rows[t].charAt(w) - '0';
                }
            }
        }
        return Votes.of(
                rows.length,
                workers,
                classes,
                java.util.Arrays.copyOf(task, n),
                java.util.Arrays.copyOf(worker, n),
                java.util.Arrays.copyOf(label, n));
    }
}
