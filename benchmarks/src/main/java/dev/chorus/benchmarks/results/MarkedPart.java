package dev.chorus.benchmarks.results;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The part of a text between two comments that no hand writes. */
final class MarkedPart {
    static final String BEGIN = "<!-- benchmarks:begin -->";
    static final String END = "<!-- benchmarks:end -->";

    private MarkedPart() {}

    /** Rewrites the part in a file, if it changes. */
    static void replace(Path file, String content) throws IOException {
        String text = Files.readString(file);
        String replaced = replaced(text, content);
        if (!replaced.equals(text)) {
            Files.writeString(file, replaced);
        }
    }

    /**
     * The text with the part replaced.
     *
     * @throws IllegalArgumentException if the two comments are not there, once each and in order
     */
    static String replaced(String text, String content) {
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin || begin != text.lastIndexOf(BEGIN) || end != text.lastIndexOf(END)) {
            throw new IllegalArgumentException("expected " + BEGIN + " and then " + END + ", once each");
        }
        return text.substring(0, begin + BEGIN.length()) + "\n" + content + text.substring(end);
    }
}
