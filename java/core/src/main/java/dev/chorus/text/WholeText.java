package dev.chorus.text;

/** Texts that UTF-8 can write: a surrogate without its partner ends the tokenizer's native library, and the process with it. */
final class WholeText {
    private WholeText() {}

    static boolean is(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }
}
