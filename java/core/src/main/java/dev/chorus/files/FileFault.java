package dev.chorus.files;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** The JDK's file errors in words: most carry the path alone, and what happened is in the class; those of a stream know no path. */
public final class FileFault {
    private FileFault() {}

    /** What happened, without the file: "permission denied". */
    public static String words(IOException e) {
        if (e instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason();
        }
        if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        } else if (e instanceof AccessDeniedException) {
            return "permission denied";
        } else if (e instanceof FileAlreadyExistsException) {
            return "already exists";
        } else if (e instanceof NotDirectoryException) {
            return "is not a directory";
        } else if (e instanceof DirectoryNotEmptyException) {
            return "is a directory that is not empty";
        } else if (e instanceof FileSystemLoopException) {
            return "is a link that leads back to itself";
        } else if (e instanceof FileSystemException) {
            return "cannot be used";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /** File and problem: "out.jsonl: permission denied". An error that names no file is printed as it is. */
    public static String sentence(IOException e) {
        String words = words(e);
        return e instanceof FileSystemException file && file.getFile() != null ? file.getFile() + ": " + words : words;
    }

    /** The same problem, of this file: for streams and channels, whose errors do not know their file. */
    public static FileSystemException of(Path file, IOException e) {
        FileSystemException named = new FileSystemException(file.toString(), null, words(e));
        named.initCause(e);
        return named;
    }
}
