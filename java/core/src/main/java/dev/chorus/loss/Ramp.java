package dev.chorus.loss;

/**
 * The weight of a student's own opinion as training goes on, rising from 0 to a strength.
 *
 * <pre>{@code
 * c(f) = strength min(1, f / warmup)             f: share of the steps that were made
 * c(f) = strength (1 if f > warmup else f)       with jump
 * }</pre>
 *
 * <p>The second form is that of openai/weak-to-strong and of the code of arXiv:2406.03199: below the threshold the factor is f
 * itself, then it leaps to 1. Burns et al., arXiv:2312.09390, describe a linear warm-up, which is the first.
 *
 * @param strength at the end of the warm-up, 0 to 1
 * @param warmup   share of training after which the strength is reached, 0 to 1; 0 for none
 * @param jump     whether the factor leaps as in the original code
 */
public record Ramp(double strength, double warmup, boolean jump) {
    /** Refuses numbers outside [0, 1]. */
    public Ramp {
        if (!(strength >= 0 && strength <= 1) || !(warmup >= 0 && warmup <= 1)) {
            throw new IllegalArgumentException(
                    "ramp: expected strength and warmup in [0, 1], got strength " + strength + ", warmup " + warmup);
        }
    }

    /** A linear warm-up. */
    public static Ramp linear(double strength, double warmup) {
        return new Ramp(strength, warmup, false);
    }

    /** The original code's step. */
    public static Ramp jump(double strength, double warmup) {
        return new Ramp(strength, warmup, true);
    }

    /**
     * c, 0 to the strength.
     *
     * @param fraction share of the steps that were made, 0 to 1
     */
    public double at(double fraction) {
        if (jump) {
            return strength * (fraction > warmup ? 1 : fraction);
        }
        return strength * (fraction >= warmup ? 1 : fraction / warmup);
    }
}
