package dev.chorus.model.family;

import dev.chorus.text.Shown;

/** A {@code config.json} that asks for something that is not built, or is none. The message names file, key and cure. */
public final class ConfigProblem extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    ConfigProblem(String message) {
        super(Shown.message(message));
    }
}
