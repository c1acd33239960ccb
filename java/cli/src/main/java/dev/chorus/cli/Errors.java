package dev.chorus.cli;

import dev.chorus.config.ConfigException;
import dev.chorus.data.DataException;
import dev.chorus.files.FileFault;
import dev.chorus.model.NotFiniteException;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.family.ConfigProblem;
import dev.chorus.stage.StageException;
import dev.chorus.text.TokenizerException;
import dev.chorus.text.Visible;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine.ExitCode;

/** Turns an exception into one clear line and an exit status. */
final class Errors {
    private Errors() {}

    /**
     * Prints what went wrong.
     *
     * @param verbose with the stack trace also where the message says it all
     * @return the exit status: {@link ExitCode#USAGE} for a configuration, {@link ExitCode#SOFTWARE} for everything else
     */
    static int report(Exception exception, boolean verbose, PrintWriter err) {
        Throwable e = exception instanceof UncheckedIOException wrapped ? wrapped.getCause() : exception;
        boolean expected = true;
        if (e instanceof ConfigException
                || e instanceof DataException
                || e instanceof StageException
                || e instanceof CheckpointException
                || e instanceof NotFiniteException
                || e instanceof ConfigProblem
                || e instanceof TokenizerException) {
            err.println("chorus: " + Visible.line(e.getMessage()));
        } else if (e instanceof IOException io) {
            err.println("chorus: " + Visible.line(FileFault.sentence(io)));
        } else {
            expected = false;
            err.println("chorus: this should not have happened: " + e);
        }
        if (verbose || !expected) {
            e.printStackTrace(err);
        }
        err.flush();
        return e instanceof ConfigException ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }

    /** Prints what the virtual machine could not do, with the cure: a library that does not load, no memory left. */
    static int report(Error error, PrintWriter err) {
        if (error instanceof OutOfMemoryError) {
            err.println("chorus: out of memory (" + error.getMessage()
                    + "); for a larger Java heap set CHORUS_HEAP=2g, for tensors use smaller batches or fewer workers");
        } else {
            err.println("chorus: a library does not load; chorus doctor says which and why");
        }
        error.printStackTrace(err);
        err.flush();
        return ExitCode.SOFTWARE;
    }
}
