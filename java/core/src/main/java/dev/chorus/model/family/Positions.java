package dev.chorus.model.family;

/** How a decoder's attention knows where a token stands. */
public sealed interface Positions {
    /**
     * A learned row a position, added to the token embedding.
     *
     * @param offset rows of the table that come before position 0 (OPT: 2)
     */
    record Learned(int offset) implements Positions {}

    /**
     * Rotations of queries and keys (Su et al., arXiv:2104.09864), the two halves of a head paired.
     *
     * @param channels r of each head that are rotated, from the first: frequency i is theta^(-2i/r). An odd number turns one
     *                 more (GPT-NeoX with a quarter of a small head)
     * @param theta    base of the frequencies
     * @param scaling  change of the frequencies for longer texts
     */
    record Rotary(int channels, double theta, RotaryScaling scaling) implements Positions {
        /** Pairs of channels that turn together: i with i + pairs. */
        public int pairs() {
            return (channels + 1) / 2;
        }
    }

    /** A penalty that grows linearly with the distance, another slope a head (Press et al., arXiv:2108.12409). */
    record Alibi() implements Positions {
        /**
         * The slopes: a geometric series from 2^(-8/n) for n heads, n the nearest power of two below; the heads beyond it take
         * every second term of the series of 2n.
         */
        public static double[] slopes(int heads) {
            int power = Integer.highestOneBit(heads);
            double[] slopes = new double[heads];
            for (int h = 0; h < heads; h++) {
                double exponent = h < power ? 8.0 / power * (h + 1) : 4.0 / power * (2 * (h - power) + 1);
                slopes[h] = Math.pow(2, -exponent);
            }
            return slopes;
        }
    }
}
