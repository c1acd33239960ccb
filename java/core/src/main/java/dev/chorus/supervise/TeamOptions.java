package dev.chorus.supervise;

/** Options that fit some teams of weak models and others not. */
public interface TeamOptions {
    /**
     * Refuses a team that the options do not fit, before any work.
     *
     * @throws IllegalArgumentException its message begins with the key, says what was expected, and what there is
     */
    void check(Team team);
}
