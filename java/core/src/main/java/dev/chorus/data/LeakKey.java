package dev.chorus.data;

import java.text.Normalizer;
import java.util.Locale;

/**
 * What of a sentence counts when it is looked for in another split: the text in Unicode's compatibility form (NFKC), without case,
 * invisible format characters, punctuation at both ends, and the number of spaces. "Café?" and "CAFÉ" are one sentence, however the accent is encoded.
 */
final class LeakKey {
    private LeakKey() {}

    static String of(String sentence) {
        String text = Normalizer.normalize(sentence, Normalizer.Form.NFKC);
        // Up and down folds what down alone leaves apart: "ß" and "SS", the two small sigmas.
        text = text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
        text = Normalizer.normalize(text, Normalizer.Form.NFKC);
        StringBuilder key = new StringBuilder(text.length());
        boolean space = false;
        for (int at = 0; at < text.length(); ) {
            int c = text.codePointAt(at);
            at += Character.charCount(c);
            if (Character.isWhitespace(c) || Character.isSpaceChar(c)) {
                space = true;
            } else if (Character.getType(c) != Character.FORMAT) {
                if (space && !key.isEmpty()) {
                    key.append(' ');
                }
                space = false;
                key.appendCodePoint(c);
            }
        }
        String inner = inner(key);
        // A sentence of nothing but punctuation is itself.
        return inner.isEmpty() ? key.toString() : inner;
    }

    private static String inner(CharSequence text) {
        int from = 0;
        int to = text.length();
        while (from < to && isOuter(Character.codePointAt(text, from))) {
            from += Character.charCount(Character.codePointAt(text, from));
        }
        while (to > from && isOuter(Character.codePointBefore(text, to))) {
            to -= Character.charCount(Character.codePointBefore(text, to));
        }
        return text.subSequence(from, to).toString();
    }

    private static boolean isOuter(int c) {
        return c == ' '
                || switch (Character.getType(c)) {
                    case Character.CONNECTOR_PUNCTUATION,
                            Character.DASH_PUNCTUATION,
                            Character.START_PUNCTUATION,
                            Character.END_PUNCTUATION,
                            Character.INITIAL_QUOTE_PUNCTUATION,
                            Character.FINAL_QUOTE_PUNCTUATION,
                            Character.OTHER_PUNCTUATION -> true;
                    default -> false;
                };
    }
}
