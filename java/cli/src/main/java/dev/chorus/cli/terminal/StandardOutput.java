package dev.chorus.cli.terminal;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * The process's standard output, in UTF-8 whatever the locale says. Java's own stream and picocli's writer swallow errors, such as a
 * full disk or a reader that has gone: here the first one is kept, to be reported when the command is done.
 */
public final class StandardOutput extends FilterOutputStream {
    private IOException failure;

    StandardOutput(OutputStream out) {
        super(out);
    }

    /** Takes the place of {@link System#out}, and gives {@link System#err} the same encoding. */
    public static StandardOutput install() {
        StandardOutput output = new StandardOutput(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        return output;
    }

    /** A writer for a command's results. */
    public PrintWriter writer() {
        return new PrintWriter(this, false, StandardCharsets.UTF_8);
    }

    /** A writer for messages. */
    public static PrintWriter errors() {
        return new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    }

    @Override
    public void write(int b) throws IOException {
        try {
            out.write(b);
        } catch (IOException e) {
            throw kept(e);
        }
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
        try {
            out.write(bytes, from, count);
        } catch (IOException e) {
            throw kept(e);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            out.flush();
        } catch (IOException e) {
            throw kept(e);
        }
    }

    /** Hands over what is left; then the first error since the start, or null. */
    public IOException finish() {
        try {
            flush();
        } catch (IOException e) {
            return failure;
        }
        return failure;
    }

    private IOException kept(IOException e) {
        if (failure == null) {
            failure = e;
        }
        return e;
    }
}
