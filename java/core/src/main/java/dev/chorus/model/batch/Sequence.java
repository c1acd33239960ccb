package dev.chorus.model.batch;

/**
 * A prompt followed by a completion.
 *
 * @param tokens prompt and completion, the end of sequence included where it is to be scored
 * @param start  index of the first completion token, at least 1
 */
public record Sequence(int[] tokens, int start) {
    /** A prompt and its completion joined. */
    public static Sequence of(int[] prompt, int[] completion) {
        int[] tokens = new int[prompt.length + completion.length];
        System.arraycopy(prompt, 0, tokens, 0, prompt.length);
        System.arraycopy(completion, 0, tokens, prompt.length, completion.length);
        return new Sequence(tokens, prompt.length);
    }
}
