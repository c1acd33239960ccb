package dev.chorus.loss;

/**
 * Where training stands, for losses that change on the way.
 *
 * @param step  optimizer steps that were made, 0 at the first loss
 * @param share of the training that is done, 0 to 1
 */
public record TrainingPoint(long step, double share) {
    /** Refuses a point outside the training. */
    public TrainingPoint {
        if (step < 0 || !(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException(
                    "training point: expected a step of at least 0 and a share in [0, 1], got " + step + " and "
                            + share);
        }
    }
}
