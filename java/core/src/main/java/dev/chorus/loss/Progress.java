package dev.chorus.loss;

/**
 * How far training has come, for losses that change on the way.
 *
 * @param step  optimizer steps that were made, 0 at the first loss
 * @param steps of the whole training, at least 1
 */
public record Progress(long step, long steps) {
    /** Refuses a step outside the training. */
    public Progress {
        if (steps < 1 || step < 0 || step > steps) {
            throw new IllegalArgumentException(
                    "progress: expected a step from 0 to a number of steps of at least 1, got " + step + " of "
                            + steps);
        }
    }

    /** Share of the steps that were made, 0 to 1. */
    public double fraction() {
        return (double) step / steps;
    }
}
