package dev.chorus.cli.doctor;

/**
 * What one check found.
 *
 * @param name  of the thing, a word or two
 * @param state whether it is there
 * @param text  what was found
 * @param cure  how to get what is missing; empty if nothing is
 */
record Finding(String name, State state, String text, String cure) {
    /** How much it matters. */
    enum State {
        /** There, or not needed. */
        OK("ok"),
        /** The main job runs without it. */
        ABSENT("--"),
        /** The main job cannot run. */
        MISSING("!!");

        private final String mark;

        State(String mark) {
            this.mark = mark;
        }
    }

    static Finding ok(String name, String text) {
        return new Finding(name, State.OK, text, "");
    }

    static Finding absent(String name, String text, String cure) {
        return new Finding(name, State.ABSENT, text, cure);
    }

    static Finding missing(String name, String text, String cure) {
        return new Finding(name, State.MISSING, text, cure);
    }

    /** One line with the cure in it. */
    String line(int nameWidth) {
        String padded = name + " ".repeat(Math.max(0, nameWidth - name.length()));
        return state.mark + "  " + padded + "  " + text + (cure.isEmpty() ? "" : "; " + cure);
    }
}
