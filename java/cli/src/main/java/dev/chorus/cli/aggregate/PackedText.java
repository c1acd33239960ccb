package dev.chorus.cli.aggregate;

import dev.chorus.files.WholeFile;
import java.io.BufferedOutputStream;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;

/** A text file, written as {@link WholeFile} has it. A name that ends in {@code .gz} is packed. */
final class PackedText implements AutoCloseable {

    private final WholeFile file;
    private final BufferedWriter writer;

    /** Begins a file whose folder exists; whether it may be replaced has been asked before. */
    PackedText(Path target) throws IOException {
        file = WholeFile.begin(target, true);
        OutputStream out = new BufferedOutputStream(file.stream(), 1 << 16);
        if (target.toString().endsWith(".gz")) {
            out = new GZIPOutputStream(out, 1 << 16);
        }
        writer = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), 1 << 16);
    }

    /** Adds text. */
    void write(CharSequence text) throws IOException {
        writer.append(text);
    }

    /** Puts the file in its place. */
    void commit() throws IOException {
        writer.close();
        file.commit();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
