package dev.chorus.eval;

import java.util.Objects;

/**
 * One filled slot of an utterance, such as {@code date = tomorrow}.
 *
 * <p>Nothing is normalised here. SLURP's gold fillers are the lower-cased tokens of the span joined by single spaces; a
 * prediction is compared as it stands.
 *
 * @param type   slot type, not empty
 * @param filler its words; may be empty
 */
public record Entity(String type, String filler) {

    /**
     * Checks the type.
     *
     * @throws NullPointerException if either is null
     * @throws IllegalArgumentException if the type is empty
     */
    public Entity {
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(filler, "filler");
        if (type.isEmpty()) {
            throw new IllegalArgumentException(
                    "entity: expected a type, got an empty one for filler \"" + filler + "\"");
        }
    }
}
