package dev.chorus.house.aggregate;

/** A class of an upper floor, for {@code ArchitectureTest}. */
public final class Upstairs {

    private Upstairs() {}

    public static int floor() {
        return 2;
    }
}
