package dev.chorus.cli;

import dev.chorus.config.ConfigException;
import dev.chorus.data.DataException;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.family.ConfigProblem;
import dev.chorus.stage.StageException;
import dev.chorus.text.TokenizerException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
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
                || e instanceof ConfigProblem
                || e instanceof TokenizerException) {
            err.println("chorus: " + e.getMessage());
        } else if (e instanceof IOException io) {
            err.println("chorus: " + sentence(io));
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

    /** The JDK's file errors carry the path only; what happened is in the class. */
    private static String sentence(IOException e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        if (!(e instanceof FileSystemException file) || file.getReason() != null) {
            return message;
        }
        String problem = "cannot be used";
        if (e instanceof NoSuchFileException) {
            problem = "no such file or directory";
        } else if (e instanceof AccessDeniedException) {
            problem = "permission denied";
        } else if (e instanceof FileAlreadyExistsException) {
            problem = "already exists";
        } else if (e instanceof NotDirectoryException) {
            problem = "is not a directory";
        } else if (e instanceof DirectoryNotEmptyException) {
            problem = "is a directory that is not empty";
        }
        return message + ": " + problem;
    }
}
