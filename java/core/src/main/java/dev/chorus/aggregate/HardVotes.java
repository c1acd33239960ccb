package dev.chorus.aggregate;

/** What every aggregator of hard votes requires of them. */
final class HardVotes {

    private HardVotes() {}

    /** Checks [W]: each 0 to {@code classes - 1}, or missing. */
    static void check(String aggregator, int[] votes, int classes) {
        if (classes < 1) {
            throw new IllegalArgumentException(aggregator + ": expected at least 1 class, got " + classes);
        }
        for (int w = 0; w < votes.length; w++) {
            if (votes[w] != MajorityVote.MISSING && (votes[w] < 0 || votes[w] >= classes)) {
                throw new IllegalArgumentException(aggregator + ": expected votes in 0 to " + (classes - 1) + " or "
                        + MajorityVote.MISSING + " for none, got " + votes[w] + " from labeler " + w);
            }
        }
    }
}
