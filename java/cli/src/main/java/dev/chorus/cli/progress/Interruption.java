package dev.chorus.cli.progress;

/** A sentence for whoever ends the process from outside, with Ctrl-C or a signal, while work is done. */
public final class Interruption implements AutoCloseable {
    private final Thread hook;

    private Interruption(Thread hook) {
        this.hook = hook;
    }

    /** From now until it is closed. */
    public static Interruption say(ConsoleProgress progress, String sentence) {
        Thread hook = new Thread(() -> progress.interrupted(sentence), "chorus-interrupted");
        Runtime.getRuntime().addShutdownHook(hook);
        return new Interruption(hook);
    }

    /** The work is at its end. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending, so the sentence is being said.
            return;
        }
    }
}
