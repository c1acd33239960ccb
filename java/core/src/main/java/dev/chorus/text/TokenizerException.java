package dev.chorus.text;

/** A tokenizer that cannot be used as it is. The message names the file or folder, the key, and the cure. */
public class TokenizerException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** For a problem found in a file or folder. */
    public TokenizerException(String file, String problem) {
        super(Shown.message(file + ": " + problem));
    }

    /** For a problem with a cause, such as JSON that does not parse. */
    public TokenizerException(String file, String problem, Throwable cause) {
        super(Shown.message(file + ": " + problem), cause);
    }
}
