package dev.chorus.cli.progress;

import dev.chorus.stage.ProgressListener;
import java.io.PrintStream;
import java.util.List;
import java.util.function.LongSupplier;

/** Tells a person how the run goes on: one bar on a terminal, plain lines elsewhere. Safe to call from several threads. */
public final class ConsoleProgress implements ProgressListener, AutoCloseable {
    private volatile ProgressListener shown;
    private final PrintStream out;

    private ConsoleProgress(ProgressListener shown, PrintStream out) {
        this.shown = shown;
        this.out = out;
    }

    /**
     * On {@link System#err}, so that the standard output holds only the result.
     *
     * <p>The launcher says with {@code -Dchorus.terminal=true} that the error stream is a terminal: Java cannot tell it from
     * the other two streams.
     */
    public static ConsoleProgress onStandardError() {
        return Boolean.getBoolean("chorus.terminal")
                ? new ConsoleProgress(new BarProgress(System.err, System::nanoTime), System.err)
                : plain(System.err, System::nanoTime);
    }

    /**
     * Plain lines, whatever {@code out} is.
     *
     * @param clock nanoseconds, as {@link System#nanoTime}
     */
    public static ConsoleProgress plain(PrintStream out, LongSupplier clock) {
        return new ConsoleProgress(new PlainProgress(out, clock), out);
    }

    @Override
    public void planned(List<StageView> stages) {
        shown.planned(stages);
    }

    @Override
    public void started(StageView stage) {
        shown.started(stage);
    }

    @Override
    public void advanced(StageView stage, double fraction, String message) {
        shown.advanced(stage, fraction, message);
    }

    @Override
    public void finished(StageView stage, double seconds) {
        shown.finished(stage, seconds);
    }

    @Override
    public void note(String message) {
        shown.note(message);
    }

    /** The last that is said where the process is ended from outside: the bar is taken off, and nothing is shown behind the sentence. */
    public void interrupted(String sentence) {
        ProgressListener until = shown;
        shown = SILENT;
        if (until instanceof BarProgress bar) {
            bar.stop();
        }
        out.println(sentence);
        out.flush();
    }

    /** Takes the bar off; call it before anything else is printed. */
    @Override
    public void close() {
        if (shown instanceof BarProgress bar) {
            bar.close();
        }
    }
}
