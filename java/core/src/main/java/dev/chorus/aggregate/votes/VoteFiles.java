package dev.chorus.aggregate.votes;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads votes and gold labels from what people have: CSV, JSON Lines, Parquet, and the exports of annotation tools. The format is
 * told by the content, never by the name; gzip is unpacked on the way.
 */
public final class VoteFiles {

    /** Whatever a format's first bytes can be told by. */
    private static final int LOOK = 8192;

    private VoteFiles() {}

    /**
     * What a file held.
     *
     * @param votes     the votes, with gold labels if the file marks some
     * @param format    what it was, in words
     * @param abstained how many times a labeler gave no label
     * @param skipped   rows that could not be used and were left out
     * @param problems  the first few of them, each with file and line
     */
    public record ReadVotes(Votes votes, String format, long abstained, long skipped, List<String> problems) {}

    /**
     * Reads votes.
     *
     * @throws VoteFileException if the file is not there, holds no vote, or has a bad row that is not to be left out
     */
    public static ReadVotes read(Path file, ReadSettings settings) throws IOException {
        BadRows bad = new BadRows(file, settings.skipBad());
        VoteCollector collector = new VoteCollector(settings, bad);
        String format = read(file, settings, bad, true, collector);
        if (collector.rows() == 0) {
            String first = bad.named().isEmpty()
                    ? ""
                    : "; the first problem: " + bad.named().get(0);
            throw new VoteFileException(file, 0, "holds no vote" + first);
        }
        Votes votes = collector.votes();
        return new ReadVotes(votes, format, collector.abstained(), bad.count(), bad.named());
    }

    /**
     * What a file of gold labels held, put beside votes.
     *
     * @param votes    the votes with these gold labels; a class that nobody voted for is new
     * @param labels   how many of their tasks have one
     * @param unknown  labels of tasks that nobody voted on
     * @param skipped  rows that could not be used and were left out
     * @param problems the first few of them, each with file and line
     */
    public record ReadGold(Votes votes, int labels, int unknown, long skipped, List<String> problems) {}

    /**
     * Reads gold labels, {@code task} and {@code label}, and puts them beside votes in place of those they had.
     *
     * @throws VoteFileException if the file is not there, has two labels for a task, or none for a task of the votes
     */
    public static ReadGold readGold(Path file, Votes votes, ReadSettings settings) throws IOException {
        BadRows bad = new BadRows(file, settings.skipBad());
        GoldSink sink = new GoldSink(votes, bad);
        read(file, settings, bad, false, sink);
        if (sink.known == 0) {
            throw new VoteFileException(
                    file,
                    0,
                    sink.unknown == 0
                            ? "holds no gold label"
                            : "none of its " + sink.unknown + " tasks is among the votes; such as '" + sink.stranger
                                    + "'");
        }
        return new ReadGold(sink.votes(), sink.known, sink.unknown, bad.count(), bad.named());
    }

    private static String read(Path file, ReadSettings settings, BadRows bad, boolean needsWorker, RowSink sink)
            throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new VoteFileException(file, 0, Files.isDirectory(file) ? "is a directory" : "no such file");
        }
        try (InputStream raw = Files.newInputStream(file);
                PushbackInputStream in = unpacked(raw)) {
            byte[] first = in.readNBytes(LOOK);
            in.unread(first);
            if (startsWith(first, "PAR1")) {
                new ParquetRows(file, settings).read(needsWorker, sink);
                return "Parquet";
            }
            int at = 0;
            boolean marked = first.length > 2 && first[0] == (byte) 0xEF && first[1] == (byte) 0xBB;
            for (at = marked ? 3 : 0; at < first.length && first[at] <= ' ' && first[at] > 0; at++) {
                // Blanks before a brace or bracket.
            }
            if (at < first.length && (first[at] == '[' || first[at] == '{')) {
                in.skipNBytes(marked ? 3 : 0);
                JsonRows rows = new JsonRows(in, settings, bad);
                if (first[at] == '[' || !isOneLine(first, at)) {
                    rows.readList(sink);
                } else {
                    rows.readLines(sink);
                }
                return rows.title();
            }
            new CsvRows(in, settings, bad).read(needsWorker, sink);
            return "CSV";
        } catch (ZipException e) {
            throw new VoteFileException(file, 0, "is damaged: " + e.getMessage());
        } catch (java.io.EOFException e) {
            throw new VoteFileException(file, 0, "is cut off: the compressed data ends early");
        }
    }

    /** Whether an object ends on the line on which it begins, as far as one can see; else it is one large object. */
    private static boolean isOneLine(byte[] first, int at) {
        int depth = 0;
        boolean quoted = false;
        for (int i = at; i < first.length; i++) {
            byte b = first[i];
            if (quoted) {
                i += b == '\\' ? 1 : 0;
                quoted = b != '"';
            } else if (b == '"') {
                quoted = true;
            } else if (b == '{' || b == '[') {
                depth++;
            } else if (b == '}' || b == ']') {
                depth--;
                if (depth == 0) {
                    return true;
                }
            } else if (b == '\n') {
                return false;
            }
        }
        return true;
    }

    private static PushbackInputStream unpacked(InputStream raw) throws IOException {
        PushbackInputStream in = new PushbackInputStream(raw, LOOK);
        byte[] magic = in.readNBytes(2);
        in.unread(magic);
        boolean packed = magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
        return packed
                ? new PushbackInputStream(new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16), LOOK)
                : in;
    }

    private static boolean startsWith(byte[] bytes, String text) {
        byte[] expected = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        return bytes.length >= expected.length
                && Arrays.equals(bytes, 0, expected.length, expected, 0, expected.length);
    }

    /** Puts labels beside the tasks that have votes. */
    private static final class GoldSink implements RowSink {
        private final Votes votes;
        private final BadRows bad;
        private final Names classes = new Names();
        private final int[] gold;
        private int known;
        private int unknown;
        private String stranger = "";

        GoldSink(Votes votes, BadRows bad) {
            this.votes = votes;
            this.bad = bad;
            this.gold = new int[votes.tasks()];
            Arrays.fill(gold, Votes.MISSING);
            votes.classNames().forEach(classes::number);
        }

        @Override
        public void vote(Row row) {
            for (int field : new int[] {Row.TASK, Row.LABEL}) {
                if (!row.has(field)) {
                    bad.add(row.line, "no " + Row.ROLES.get(field));
                    return;
                }
                if (row.isBroken(field)) {
                    bad.add(row.line, "the " + Row.ROLES.get(field) + " is not UTF-8");
                    return;
                }
            }
            int task = votes.taskNames().indexOf(row.text(Row.TASK));
            if (task < 0) {
                stranger = unknown++ == 0 ? row.text(Row.TASK) : stranger;
                return;
            }
            int label = classes.number(row.text(Row.LABEL));
            if (gold[task] != Votes.MISSING) {
                bad.add(row.line, "a second gold label of task " + row.text(Row.TASK));
                return;
            }
            gold[task] = label;
            known++;
        }

        @Override
        public void abstention(Row row) {
            // Nobody knows the label: nothing to put down.
        }

        @Override
        public void gold(Row row) {
            vote(row);
        }

        Votes votes() {
            return votes.withClasses(classes).withGold(gold);
        }
    }
}
