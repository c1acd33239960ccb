package dev.chorus.loss;

import dev.chorus.kernels.HeadTarget;
import dev.chorus.torch.Tensors;
import java.util.List;

/**
 * A soft target over a vocabulary that names one or two tokens; the rest of the mass keeps the student's own shape (Cui et
 * al., arXiv:2406.03199). What {@link HeadTarget.Named} takes, row by row.
 *
 * @param ids           1 or 2 token ids, none twice
 * @param probabilities of each, at least 0, with a sum of at most 1
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SparseTokenTarget(int[] ids, double[] probabilities) {
    /** Slots of a row: the label token and the student's own answer. */
    private static final int SLOTS = 2;

    /** Refuses arrays that do not belong together and mass beyond 1. */
    public SparseTokenTarget {
        double sum = 0;
        for (double probability : probabilities) {
            if (!(probability >= 0)) {
                throw new IllegalArgumentException(
                        "sparse target: expected probabilities of at least 0, got " + probability);
            }
            sum += probability;
        }
        boolean fits = ids.length >= 1 && ids.length <= SLOTS && ids.length == probabilities.length;
        if (!fits || (ids.length == SLOTS && ids[0] == ids[1]) || sum > 1 + 1e-9) {
            throw new IllegalArgumentException(
                    "sparse target: expected 1 or 2 different tokens of a mass of at most 1, got " + ids.length
                            + " tokens and " + probabilities.length + " probabilities of mass " + sum);
        }
    }

    /** One label token with its score. */
    public static SparseTokenTarget of(int label, double score) {
        return new SparseTokenTarget(new int[] {label}, new double[] {score});
    }

    /** Targets of N rows as the linear log-prob op takes them, [N, 2]; an unused slot is -1. */
    public static HeadTarget.Named named(List<SparseTokenTarget> rows) {
        long[] ids = new long[rows.size() * SLOTS];
        float[] probabilities = new float[rows.size() * SLOTS];
        for (int n = 0; n < rows.size(); n++) {
            SparseTokenTarget row = rows.get(n);
            // Rounding to f32 must not lift the sum of two above 1.
            float left = 1;
            for (int j = 0; j < SLOTS; j++) {
                boolean used = j < row.ids.length;
                ids[n * SLOTS + j] = used ? row.ids[j] : -1;
                float probability = used ? Math.min(left, (float) row.probabilities[j]) : 0;
                probabilities[n * SLOTS + j] = probability;
                left -= probability;
            }
        }
        return new HeadTarget.Named(
                Tensors.longs(ids, rows.size(), SLOTS), Tensors.floats(probabilities, rows.size(), SLOTS));
    }
}
