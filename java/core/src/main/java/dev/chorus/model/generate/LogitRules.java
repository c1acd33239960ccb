package dev.chorus.model.generate;

import dev.chorus.model.family.GenerationDefaults;
import java.util.Set;

/**
 * What a model's folder asks of the next token, on top of the logits: a penalty on repetition, no n-gram twice, tokens that may
 * not come. As the processors of transformers compute it and in their order; a rule sees the prompt as well as what was generated.
 */
record LogitRules(GenerationDefaults defaults, Set<Integer> ends) {
    /** Whether logits stay as they are. */
    boolean none() {
        return defaults.none();
    }

    /**
     * Changes one row's logits or log-probabilities in place; what may not come becomes negative infinity.
     *
     * @param scores    [from, from + count) one row
     * @param prompt    token ids
     * @param generated token ids behind them
     */
    void apply(float[] scores, int from, int count, int[] prompt, int[] generated) {
        penalise(scores, from, count, prompt, generated);
        banRepeatedNgrams(scores, from, count, prompt, generated);
        if (generated.length < defaults.minNewTokens()) {
            ends.forEach(id -> ban(scores, from, count, id));
        }
        defaults.suppressed().forEach(id -> ban(scores, from, count, id));
        if (generated.length == 0) {
            defaults.suppressedFirst().forEach(id -> ban(scores, from, count, id));
        }
    }

    private void penalise(float[] scores, int from, int count, int[] prompt, int[] generated) {
        float penalty = (float) defaults.repetitionPenalty();
        if (penalty == 1) {
            return;
        }
        boolean[] seen = new boolean[count];
        for (int i = 0; i < prompt.length + generated.length; i++) {
            int id = at(prompt, generated, i);
            if (id < count && !seen[id]) {
                seen[id] = true;
                float score = scores[from + id];
                scores[from + id] = score < 0 ? score * penalty : score / penalty;
            }
        }
    }

    private void banRepeatedNgrams(float[] scores, int from, int count, int[] prompt, int[] generated) {
        int n = defaults.noRepeatNgram();
        int length = prompt.length + generated.length;
        if (n == 0 || length < n - 1) {
            return;
        }
        int tail = length - (n - 1);
        for (int start = 0; start + n <= length; start++) {
            boolean same = true;
            for (int i = 0; i < n - 1 && same; i++) {
                same = at(prompt, generated, start + i) == at(prompt, generated, tail + i);
            }
            if (same) {
                ban(scores, from, count, at(prompt, generated, start + n - 1));
            }
        }
    }

    private static int at(int[] prompt, int[] generated, int index) {
        return index < prompt.length ? prompt[index] : generated[index - prompt.length];
    }

    private static void ban(float[] scores, int from, int count, int id) {
        if (id < count) {
            scores[from + id] = Float.NEGATIVE_INFINITY;
        }
    }
}
