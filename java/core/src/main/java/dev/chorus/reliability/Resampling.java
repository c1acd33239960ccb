package dev.chorus.reliability;

import java.util.Arrays;
import java.util.function.LongToDoubleFunction;

/**
 * Draws rows of a training set. Randomness is a function of a counter (such as {@code CounterRandom::uniform} of a seed), so the
 * draw is the same on every machine and does not depend on what was drawn before.
 */
public final class Resampling {
    private Resampling() {}

    /**
     * Rows that may come twice.
     *
     * @param rows    number of rows, at least 1 if anything is drawn
     * @param draws   how many, at least 0
     * @param uniform counter to [0, 1)
     * @return [draws] rows in the order of the draw
     */
    public static int[] withReplacement(int rows, int draws, LongToDoubleFunction uniform) {
        require(rows, draws, draws == 0 ? 0 : 1);
        int[] drawn = new int[draws];
        Arrays.setAll(drawn, i -> (int) (uniform.applyAsDouble(i) * rows));
        return drawn;
    }

    /**
     * Different rows, in random order; of more draws than rows all of them.
     *
     * @param rows    number of rows
     * @param draws   how many, at least 0
     * @param uniform counter to [0, 1)
     * @return [min(draws, rows)]
     */
    public static int[] withoutReplacement(int rows, int draws, LongToDoubleFunction uniform) {
        require(rows, draws, 0);
        int[] order = new int[rows];
        Arrays.setAll(order, i -> i);
        int count = Math.min(rows, draws);
        for (int i = 0; i < count; i++) {
            int j = i + (int) (uniform.applyAsDouble(i) * (rows - i));
            int kept = order[i];
            order[i] = order[j];
            order[j] = kept;
        }
        return Arrays.copyOf(order, count);
    }

    /**
     * Rows by their probabilities, which may come twice: boosting by resampling.
     *
     * @param probabilities [rows] at least 0, not all 0; need not sum to 1
     * @param draws         how many, at least 0
     * @param uniform       counter to [0, 1)
     * @return [draws]; never a row of probability 0
     */
    public static int[] weighted(double[] probabilities, int draws, LongToDoubleFunction uniform) {
        require(probabilities.length, draws, 1);
        double[] upTo = new double[probabilities.length];
        double sum = 0;
        int last = -1;
        for (int n = 0; n < upTo.length; n++) {
            if (!(probabilities[n] >= 0 && probabilities[n] < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("resampling: expected finite probabilities of at least 0, got "
                        + probabilities[n] + " for row " + n);
            }
            sum += probabilities[n];
            upTo[n] = sum;
            last = probabilities[n] > 0 ? n : last;
        }
        if (last < 0) {
            throw new IllegalArgumentException("resampling: expected a row of a probability above 0, got none");
        }
        int[] drawn = new int[draws];
        for (int i = 0; i < draws; i++) {
            double point = uniform.applyAsDouble(i) * sum;
            int low = 0;
            int high = last;
            // The first row whose running sum is above the point; a row of probability 0 adds nothing and is passed
            // over.
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (upTo[middle] > point) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            drawn[i] = low;
        }
        return drawn;
    }

    private static void require(int rows, int draws, int leastRows) {
        if (draws < 0 || rows < leastRows) {
            throw new IllegalArgumentException("resampling: expected at least " + leastRows
                    + " rows and at least 0 draws, got " + rows + " rows and " + draws + " draws");
        }
    }
}
