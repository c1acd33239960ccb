package dev.chorus.aggregate.labelers;

import dev.chorus.aggregate.votes.Votes;

/** How often each two labelers agree, of the tasks that both voted on. */
public final class PairAgreement {

    /** Tables of so many labelers take 128 MiB. */
    static final int MOST = 4097;

    private final int labelers;
    private final int[] common;
    private final int[] agreed;

    private PairAgreement(int labelers) {
        this.labelers = labelers;
        this.common = new int[labelers * labelers];
        this.agreed = new int[labelers * labelers];
    }

    /**
     * Of all tasks.
     *
     * @throws IllegalArgumentException if there are more than 4,096 labelers: this is a table of pairs
     */
    public static PairAgreement of(Votes votes) {
        return of(votes, false);
    }

    /** With the gold labels as one labeler more, the last, if there are any. */
    public static PairAgreement withGold(Votes votes) {
        return of(votes, votes.goldCount() > 0);
    }

    private static PairAgreement of(Votes votes, boolean gold) {
        int labelers = votes.workers() + (gold ? 1 : 0);
        if (labelers > MOST) {
            throw new IllegalArgumentException(
                    "agreement of pairs: expected at most " + (MOST - 1) + " labelers, got " + votes.workers());
        }
        PairAgreement pairs = new PairAgreement(labelers);
        for (int t = 0; t < votes.tasks(); t++) {
            for (int a = votes.start(t); a < votes.start(t + 1); a++) {
                for (int b = votes.start(t); b < a; b++) {
                    pairs.add(votes.worker(a), votes.worker(b), votes.label(a) == votes.label(b));
                }
                if (gold && votes.gold(t) != Votes.MISSING) {
                    pairs.add(votes.worker(a), labelers - 1, votes.label(a) == votes.gold(t));
                }
            }
        }
        return pairs;
    }

    private void add(int i, int j, boolean same) {
        common[i * labelers + j]++;
        common[j * labelers + i]++;
        if (same) {
            agreed[i * labelers + j]++;
            agreed[j * labelers + i]++;
        }
    }

    /** Number of labelers. */
    public int labelers() {
        return labelers;
    }

    /** Number of tasks that both voted on. */
    public int common(int i, int j) {
        return common[i * labelers + j];
    }

    /** Share of those on which they say the same; NaN without any. */
    public double agreement(int i, int j) {
        return (double) agreed[i * labelers + j] / common(i, j);
    }
}
