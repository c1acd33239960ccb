package dev.chorus.cli.progress;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;

/** One line of a terminal that is drawn again and again: what an earlier and longer text left behind the new one is erased. */
final class ErasedLine extends ConsoleProgressBarConsumer {
    /** To the first column, and erase to the last (ECMA-48's EL). */
    static final String ERASE = "\r\u001b[K";

    private final PrintStream out;
    private boolean closed;

    ErasedLine(PrintStream out) {
        super(out);
        this.out = out;
    }

    @Override
    public synchronized void accept(String line) {
        if (!closed) {
            out.print(ERASE + line);
            out.flush();
        }
    }

    /** The cursor goes below the line, which stays. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            super.close();
        }
    }

    /** Takes the line off; what is drawn later is not shown. */
    synchronized void erase() {
        if (!closed) {
            closed = true;
            out.print(ERASE);
            out.flush();
        }
    }
}
