package dev.chorus.model.generate;

import dev.chorus.text.Tokenizer;
import java.util.List;

/** The text that a completion adds to its prompt, up to the first stop text. */
final class StopTexts {
    private final Tokenizer tokenizer;
    private final List<String> stops;

    StopTexts(Tokenizer tokenizer, List<String> stops) {
        this.tokenizer = tokenizer;
        this.stops = stops;
    }

    /**
     * A completion's text.
     *
     * @param stopped whether a stop text was found, which ends it
     */
    record Text(String text, boolean stopped) {}

    /** Whether there is anything to look for. */
    boolean any() {
        return !stops.isEmpty();
    }

    /**
     * The text of generated tokens. Decoded together with the prompt, as some tokenizers take the space off the first word of
     * what they decode.
     */
    Text of(int[] prompt, int[] generated) {
        int[] all = new int[prompt.length + generated.length];
        System.arraycopy(prompt, 0, all, 0, prompt.length);
        System.arraycopy(generated, 0, all, prompt.length, generated.length);
        String before = tokenizer.decode(prompt);
        String whole = tokenizer.decode(all);
        // A prompt that ends inside a character decodes to something else than the beginning of the whole.
        String text = whole.startsWith(before) ? whole.substring(before.length()) : tokenizer.decode(generated);
        int end = -1;
        for (String stop : stops) {
            int found = text.indexOf(stop);
            if (found >= 0 && (end < 0 || found < end)) {
                end = found;
            }
        }
        return new Text(end < 0 ? text : text.substring(0, end), end >= 0);
    }
}
