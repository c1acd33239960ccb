package dev.chorus.house.eval;

import dev.chorus.house.aggregate.Upstairs;

/** A class of the ground floor that looks upstairs, for {@code ArchitectureTest}. */
public final class Climber {

    private Climber() {}

    public static int floor() {
        return Upstairs.floor() - 2;
    }
}
