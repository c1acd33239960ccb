package dev.chorus.config;

/**
 * A configuration that cannot be run as it is written.
 *
 * <p>The message is for people: it names the file and the key, says what is wrong, and what would be right.
 */
public class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message for people: file, key, problem and cure
     */
    public ConfigException(String message) {
        super(message);
    }

    /**
     * @param message for people: file, key, problem and cure
     * @param cause   what the reader of the file said
     */
    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
