package dev.chorus.model.generate;

import java.util.Arrays;

/**
 * What a model wrote behind a prompt.
 *
 * @param tokens every generated id, the end of sequence included
 * @param logps  log-probability of each under the model itself (temperature 1, nothing cut off), nats
 * @param text   without special tokens and without the text that stopped it
 * @param reason why it ends
 */
public record Completion(int[] tokens, double[] logps, String text, FinishReason reason) {
    /** Why a completion ends. */
    public enum FinishReason {
        /** The end of sequence, or a stop text. */
        STOP,
        /** The longest that was asked for, or that the model takes. */
        LENGTH
    }

    /** Summed log-probability. */
    public double logp() {
        return Arrays.stream(logps).sum();
    }
}
