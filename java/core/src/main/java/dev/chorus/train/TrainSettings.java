package dev.chorus.train;

/**
 * How a model is trained. Steps are AdamW with a linear warm-up and a linear decay to zero.
 *
 * @param epochs       passes over the examples, above 0
 * @param batch        examples a step
 * @param learningRate at its peak
 * @param weightDecay  decoupled, on matrices only; 0 for none
 * @param warmup       share of all steps that the learning rate rises in, 0 to 1
 * @param clip         largest norm of all gradients together; 0 for no limit
 */
public record TrainSettings(
        int epochs, int batch, double learningRate, double weightDecay, double warmup, double clip) {
    /** Refuses values outside their ranges; the message names the key. */
    public TrainSettings {
        require("epochs", epochs >= 1, "a whole number from 1", epochs);
        require("batch", batch >= 1, "a whole number from 1", batch);
        require("learning_rate", learningRate > 0 && learningRate < 10, "above 0 and below 10", learningRate);
        require("weight_decay", weightDecay >= 0 && weightDecay < 10, "0 or more, below 10", weightDecay);
        require("warmup", warmup >= 0 && warmup <= 1, "from 0 to 1", warmup);
        require("clip", clip >= 0, "0 or more", clip);
    }

    /** Steps over this many examples. */
    public int steps(int examples) {
        return epochs * stepsPerEpoch(examples);
    }

    /** Steps of one epoch; the last one may hold fewer examples. */
    public int stepsPerEpoch(int examples) {
        return (examples + batch - 1) / batch;
    }

    /** The learning rate of a step, counted from 0. */
    public double learningRate(int step, int steps) {
        double rise = warmup * steps;
        double done = step + 0.5;
        return learningRate * (done < rise ? done / rise : (steps - done) / Math.max(1, steps - rise));
    }

    private static void require(String key, boolean ok, String expected, Object found) {
        if (!ok) {
            throw new IllegalArgumentException(key + ": expected " + expected + ", got " + found);
        }
    }
}
