package dev.chorus.model.family;

/** How rotary frequencies are changed so that a model reads longer texts than it was first trained on. */
public sealed interface RotaryScaling {
    /** The frequencies as they are. */
    record None() implements RotaryScaling {}

    /** Every frequency divided by the factor (Chen et al., arXiv:2306.15595). */
    record Linear(double factor) implements RotaryScaling {}

    /**
     * The base grows with the length of the sequence once that exceeds {@code trained} tokens ("dynamic NTK").
     *
     * @param factor  of the growth
     * @param trained tokens up to which nothing changes
     */
    record Dynamic(double factor, int trained) implements RotaryScaling {}

    /**
     * Low frequencies divided by the factor, high ones kept, those between mixed (Llama 3.1, arXiv:2407.21783).
     *
     * @param factor     on low frequencies
     * @param lowFactor  wavelengths above {@code trained / lowFactor} are low
     * @param highFactor wavelengths below {@code trained / highFactor} are high
     * @param trained    tokens of the first training
     */
    record Llama3(double factor, double lowFactor, double highFactor, int trained) implements RotaryScaling {}

    /**
     * Angle that a position adds per token, for every rotated pair.
     *
     * @param channels rotated channels
     * @param theta    base
     * @param tokens   of the sequence, for the dynamic form
     * @return [(channels + 1) / 2] radians
     */
    default double[] frequencies(int channels, double theta, int tokens) {
        double base = theta;
        if (this instanceof Dynamic dynamic && tokens > dynamic.trained) {
            double growth = dynamic.factor * tokens / dynamic.trained - (dynamic.factor - 1);
            base = theta * Math.pow(growth, channels / (channels - 2.0));
        }
        double[] frequencies = new double[(channels + 1) / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = scaled(Math.pow(base, -2.0 * i / channels));
        }
        return frequencies;
    }

    private double scaled(double frequency) {
        if (this instanceof Linear linear) {
            return frequency / linear.factor;
        }
        if (this instanceof Llama3 llama) {
            double turns = llama.trained * frequency / (2 * Math.PI);
            if (turns < llama.lowFactor) {
                return frequency / llama.factor;
            }
            if (turns > llama.highFactor) {
                return frequency;
            }
            double mix = (turns - llama.lowFactor) / (llama.highFactor - llama.lowFactor);
            return (1 - mix) * frequency / llama.factor + mix * frequency;
        }
        return frequency;
    }

    /** Whether the frequencies depend on the length of the sequence. */
    default boolean dependsOnLength() {
        return this instanceof Dynamic;
    }
}
