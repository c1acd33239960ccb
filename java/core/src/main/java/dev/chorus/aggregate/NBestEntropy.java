package dev.chorus.aggregate;

/**
 * Predictive entropy of a generator from its n-best list, normalised over the list.
 *
 * <pre>{@code
 * pi = softmax(l)
 * perToken    = -sum_b pi_b l_b / n_b      l_b summed log-probability, n_b tokens
 * perSequence = -sum_b pi_b l_b
 * }</pre>
 *
 * <p>The length-normalised form is that of Malinin and Gales 2021, arXiv:2002.07650, section 3. The log-probabilities
 * are those of the model, not those of the list: the value is above 0 even for a list of one.
 */
public final class NBestEntropy {

    private NBestEntropy() {}

    /**
     * Entropy with every hypothesis's log-probability divided by its length.
     *
     * @param logps   [B] summed log-probabilities in nats, each finite, B at least 1
     * @param lengths [B] numbers of tokens, each at least 1
     * @return nats a token
     * @throws IllegalArgumentException if the lengths differ, the list is empty or a value is out of range
     */
    public static double perToken(double[] logps, int[] lengths) {
        requireLogps(logps);
        if (lengths.length != logps.length) {
            throw new IllegalArgumentException(
                    "n-best entropy: expected " + logps.length + " lengths, one a hypothesis, got " + lengths.length);
        }
        for (int b = 0; b < lengths.length; b++) {
            if (lengths[b] < 1) {
                throw new IllegalArgumentException(
                        "n-best entropy: expected a length of at least 1, got " + lengths[b] + " for hypothesis " + b);
            }
        }
        double[] surprise = new double[logps.length];
        for (int b = 0; b < logps.length; b++) {
            surprise[b] = -logps[b] / lengths[b];
        }
        return expectation(logps, surprise);
    }

    /**
     * Entropy without division by length.
     *
     * @param logps [B] summed log-probabilities in nats, each finite, B at least 1
     * @return nats a sequence
     * @throws IllegalArgumentException if the list is empty or a value is not finite
     */
    public static double perSequence(double[] logps) {
        requireLogps(logps);
        double[] surprise = new double[logps.length];
        for (int b = 0; b < logps.length; b++) {
            surprise[b] = -logps[b];
        }
        return expectation(logps, surprise);
    }

    /** Mean of the values under softmax(logps). */
    private static double expectation(double[] logps, double[] values) {
        double max = Double.NEGATIVE_INFINITY;
        for (double logp : logps) {
            max = Math.max(max, logp);
        }
        double mass = 0;
        double sum = 0;
        for (int b = 0; b < logps.length; b++) {
            double weight = Math.exp(logps[b] - max);
            mass += weight;
            sum += weight * values[b];
        }
        return sum / mass;
    }

    private static void requireLogps(double[] logps) {
        if (logps.length == 0) {
            throw new IllegalArgumentException("n-best entropy: expected at least one hypothesis, got none");
        }
        for (int b = 0; b < logps.length; b++) {
            if (!Double.isFinite(logps[b])) {
                throw new IllegalArgumentException(
                        "n-best entropy: expected finite log-probabilities, got " + logps[b] + " for hypothesis " + b);
            }
        }
    }
}
