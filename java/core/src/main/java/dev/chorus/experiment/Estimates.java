package dev.chorus.experiment;

/** What stages cost, roughly: for the order in which they run and the time that is left. */
final class Estimates {
    /** Sequences are about this long in tokens: sentence, separator, and an answer if there is one. */
    static final int PROMPT_TOKENS = 11;

    static final int ANSWER_TOKENS = 14;

    private Estimates() {}

    /** Estimated seconds of a training on one core. */
    static double training(int examples, int tokens, int epochs, int layers, int width) {
        return forward(examples, tokens * 3 * epochs, layers, width);
    }

    /** Estimated seconds of a forward pass over so many tokens on one core. */
    static double forward(int examples, int tokens, int layers, int width) {
        double flops = 2.0 * 12 * layers * width * width;
        return (double) examples * tokens * (flops / 40e9 + layers * 2e-6 + 1e-6);
    }
}
