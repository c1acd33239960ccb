package dev.chorus.aggregate.votes;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Comma-separated values (RFC 4180) as bytes: no string is made for a field. Quoted fields may hold separators, quotes and
 * line ends; the header decides by what it is separated: comma, tab or semicolon.
 */
final class CsvRows {

    private static final int CHUNK = 1 << 18;
    private static final int LARGEST_ROW = 1 << 26;

    private final InputStream in;
    private final ReadSettings settings;
    private final BadRows bad;
    private byte[] buffer = new byte[CHUNK];
    private int position;
    private int limit;
    private boolean ended;
    private byte separator = ',';
    private long line = 1;
    /** Begin, end and whether quotes are doubled inside, of every field of the row. */
    private int[] begin = new int[16];

    private int[] end = new int[16];
    private boolean[] doubled = new boolean[16];
    private int fields;
    private int linesOfRow;
    /** All bytes of the row's fields, or-ed: below 0 if one is beyond ASCII. */
    private int signs;

    private String broken = "";

    CsvRows(InputStream in, ReadSettings settings, BadRows bad) {
        this.in = in;
        this.settings = settings;
        this.bad = bad;
    }

    /** Reads all rows. */
    void read(boolean needsWorker, RowSink sink) throws IOException {
        fill();
        if (limit >= 3 && buffer[0] == (byte) 0xEF && buffer[1] == (byte) 0xBB && buffer[2] == (byte) 0xBF) {
            position = 3;
        }
        separator = separator();
        if (!next()) {
            throw new VoteFileException(bad.file(), 0, "is empty; expected a header with task, worker and label");
        }
        List<String> header = new ArrayList<>();
        for (int f = 0; f < fields; f++) {
            header.add(new String(buffer, begin[f], end[f] - begin[f], StandardCharsets.UTF_8));
        }
        int[] column = columns(header, needsWorker);
        line += linesOfRow;
        Row row = new Row();
        while (next()) {
            if (!broken.isEmpty()) {
                bad.add(line, broken);
            } else if (fields == 1 && begin[0] == end[0]) {
                if (position < limit || fill()) {
                    bad.add(line, "an empty line");
                }
            } else if (fields != header.size()) {
                bad.add(line, "expected " + header.size() + " fields as in the header, got " + fields);
            } else {
                row.begin(line);
                row.plain = signs >= 0;
                for (int f = 0; f < column.length; f++) {
                    if (column[f] >= 0) {
                        set(row, f, column[f]);
                    }
                }
                sink.vote(row);
            }
            line += linesOfRow;
        }
    }

    private void set(Row row, int field, int column) {
        if (!doubled[column]) {
            row.set(field, buffer, begin[column], end[column]);
            return;
        }
        byte[] plain = new byte[end[column] - begin[column]];
        int n = 0;
        for (int i = begin[column]; i < end[column]; i++) {
            plain[n++] = buffer[i];
            i += buffer[i] == '"' ? 1 : 0;
        }
        row.set(field, plain, 0, n);
    }

    /** Where each role stands; -1 for one that is not there and need not be. */
    private int[] columns(List<String> header, boolean needsWorker) {
        List<String> lower =
                header.stream().map(h -> h.strip().toLowerCase(Locale.ROOT)).toList();
        int[] column = new int[Row.ROLES.size()];
        Arrays.fill(column, -1);
        for (int f = 0; f < column.length; f++) {
            String named = settings.columns().get(Row.ROLES.get(f));
            if (named != null) {
                column[f] = header.indexOf(named);
                if (column[f] < 0) {
                    throw new VoteFileException(
                            bad.file(), 1, "there is no column '" + named + "'; there are " + header);
                }
                continue;
            }
            for (String usual : Row.USUAL.get(f)) {
                if (column[f] < 0) {
                    column[f] = lower.indexOf(usual);
                }
            }
            boolean needed = f == Row.TASK || f == Row.LABEL || (f == Row.WORKER && needsWorker);
            if (needed && column[f] < 0) {
                throw new VoteFileException(
                        bad.file(),
                        1,
                        "no column for the " + Row.ROLES.get(f) + "; the header has " + header
                                + "; name the one that is meant, such as " + Row.ROLES.get(f) + "=" + header.get(0));
            }
        }
        return column;
    }

    private byte separator() throws IOException {
        boolean more = true;
        while (more) {
            for (byte candidate : new byte[] {',', '\t', ';'}) {
                for (int i = position; i < limit && buffer[i] != '\n'; i++) {
                    if (buffer[i] == candidate) {
                        return candidate;
                    }
                }
            }
            more = !ended && !hasLineEnd() && fill();
        }
        return ',';
    }

    private boolean hasLineEnd() {
        for (int i = position; i < limit; i++) {
            if (buffer[i] == '\n') {
                return true;
            }
        }
        return false;
    }

    /** Finds the next row's fields; false at the end. */
    private boolean next() throws IOException {
        while (true) {
            if (position >= limit && !fill()) {
                return false;
            }
            int after = split();
            if (after >= 0) {
                position = after;
                return true;
            }
            boolean all = ended;
            if (!fill() && all) {
                // Only a quote that never closes leaves a row open at the end.
                broken = "a quoted field that does not end";
                fields = 0;
                linesOfRow = 1;
                position = limit;
                return true;
            }
        }
    }

    /** Splits the row at the position; returns where the next one begins, or -1 if more bytes are needed. */
    private int split() {
        fields = 0;
        linesOfRow = 1;
        signs = 0;
        broken = "";
        int at = position;
        while (true) {
            if (fields == begin.length) {
                begin = Arrays.copyOf(begin, fields * 2);
                end = Arrays.copyOf(end, fields * 2);
                doubled = Arrays.copyOf(doubled, fields * 2);
            }
            if (at < limit && buffer[at] == '"') {
                at = quoted(at);
                if (at < 0) {
                    return -1;
                }
            } else {
                begin[fields] = at;
                int seen = 0;
                byte b = 0;
                while (at < limit && (b = buffer[at]) != separator && b != '\n') {
                    seen |= b;
                    at++;
                }
                signs |= seen;
                if (at == limit && !ended) {
                    return -1;
                }
                end[fields] = at;
                doubled[fields] = false;
                fields++;
            }
            if (at == limit || buffer[at] == '\n') {
                int last = fields - 1;
                if (end[last] > begin[last] && buffer[end[last] - 1] == '\r' && end[last] == at) {
                    end[last]--;
                }
                return Math.min(at + 1, limit);
            }
            at++;
        }
    }

    /** A quoted field from its first quote; returns the separator or line end behind it, or -1. */
    private int quoted(int first) {
        int at = first + 1;
        begin[fields] = at;
        doubled[fields] = false;
        while (true) {
            if (at >= limit) {
                return -1;
            }
            byte b = buffer[at];
            signs |= b;
            if (b == '\n') {
                linesOfRow++;
            } else if (b == '"') {
                if (at + 1 >= limit && !ended) {
                    return -1;
                }
                if (at + 1 < limit && buffer[at + 1] == '"') {
                    doubled[fields] = true;
                    at++;
                } else {
                    break;
                }
            }
            at++;
        }
        end[fields++] = at++;
        if (at < limit && buffer[at] == '\r') {
            at++;
        }
        while (at < limit && buffer[at] != separator && buffer[at] != '\n') {
            broken = "text behind a closing quote";
            at++;
        }
        return at == limit && !ended ? -1 : at;
    }

    /** Reads more behind what is left of the buffer; false if there is no more. */
    private boolean fill() throws IOException {
        if (ended) {
            return false;
        }
        int left = limit - position;
        if (left > LARGEST_ROW) {
            throw new VoteFileException(bad.file(), line, "a row of more than 64 MiB; is a quote not closed?");
        }
        if (left > buffer.length / 2) {
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        }
        System.arraycopy(buffer, position, buffer, 0, left);
        position = 0;
        limit = left;
        int read = in.read(buffer, limit, buffer.length - limit);
        if (read < 0) {
            ended = true;
            // The last row may lack its line end: whoever waits for more takes what is there.
            return false;
        }
        limit += read;
        return read > 0 || fill();
    }
}
