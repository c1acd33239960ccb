package dev.chorus.experiment;

import dev.chorus.aggregate.labelers.ErrorCorrelation;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.labels.Judgement;
import java.util.Arrays;

/** Weak models' labels beside those of judged items, as an aggregator sees them: items first, judged ones, the anchors, after them. */
final class Judging {
    private Judging() {}

    /** [N + J] no gold for the items, and that of the judged ones. */
    static int[] anchors(int items, int[] gold) {
        int[] all = new int[items + gold.length];
        Arrays.fill(all, 0, items, Votes.MISSING);
        System.arraycopy(gold, 0, all, items, gold.length);
        return all;
    }

    /** [N + J] rows of one weak model. */
    static double[][] rows(double[][] items, double[][] judged) {
        double[][] all = Arrays.copyOf(items, items.length + judged.length);
        System.arraycopy(judged, 0, all, items.length, judged.length);
        return all;
    }

    /**
     * What gold labels say.
     *
     * @param votes   with the gold labels of the judged items
     * @param quality [W]
     */
    static Judgement of(String on, Votes votes, double[] quality) {
        ErrorCorrelation errors = ErrorCorrelation.onGold(votes);
        return new Judgement(on, votes.goldCount(), quality, errors.mean(), errors.effectiveLabelers());
    }
}
