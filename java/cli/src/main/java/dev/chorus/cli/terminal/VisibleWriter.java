package dev.chorus.cli.terminal;

import dev.chorus.text.Visible;
import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;

/** A writer whose text is {@link Visible}. */
public final class VisibleWriter extends FilterWriter {
    /** Writes through to another. */
    public VisibleWriter(Writer out) {
        super(out);
    }

    @Override
    public void write(int c) throws IOException {
        out.write(Visible.text(String.valueOf((char) c)));
    }

    @Override
    public void write(char[] text, int from, int count) throws IOException {
        out.write(Visible.text(new String(text, from, count)));
    }

    @Override
    public void write(String text, int from, int count) throws IOException {
        out.write(Visible.text(text.substring(from, from + count)));
    }
}
