package dev.chorus.config;

/** A configuration that can be wrong in ways that the types of its keys do not show. */
public interface Validated {
    /**
     * Checks what one key alone cannot tell.
     *
     * @param file of the configuration, for messages
     * @throws ConfigException at the first problem; names the key
     */
    void validate(String file);
}
