package dev.chorus.kernels;

/**
 * {@link PagedAttention} as it is defined, in double on plain arrays, of one sequence whose keys and values lie side by side: for
 * tests, and to read. Arguments are not checked.
 */
final class PagedAttentionReference {
    private PagedAttentionReference() {}

    /**
     * One query.
     *
     * @param q      [H][d]
     * @param keys   [positions][G][d], of which the first {@code length} count
     * @param values [positions][G][d]
     * @param slopes [H], or null
     * @return [H][d]
     */
    static double[][] attend(
            double[][] q,
            double[][][] keys,
            double[][][] values,
            int length,
            double scale,
            double softCap,
            long window,
            double[] slopes) {
        int heads = q.length;
        int width = q[0].length;
        int sharing = heads / keys[0].length;
        int first = window > 0 ? (int) Math.max(0, length - window) : 0;
        double[][] out = new double[heads][width];
        for (int h = 0; h < heads; h++) {
            int g = h / sharing;
            double[] scores = new double[length];
            double max = Double.NEGATIVE_INFINITY;
            for (int j = first; j < length; j++) {
                double s = 0;
                for (int c = 0; c < width; c++) {
                    s += q[h][c] * keys[j][g][c];
                }
                s *= scale;
                if (softCap > 0) {
                    s = softCap * Math.tanh(s / softCap);
                }
                scores[j] = slopes == null ? s : s + slopes[h] * (j - (length - 1));
                max = Math.max(max, scores[j]);
            }
            double sum = 0;
            for (int j = first; j < length; j++) {
                scores[j] = Math.exp(scores[j] - max);
                sum += scores[j];
            }
            for (int j = first; j < length; j++) {
                for (int c = 0; c < width; c++) {
                    out[h][c] += scores[j] / sum * values[j][g][c];
                }
            }
        }
        return out;
    }
}
