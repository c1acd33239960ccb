package dev.chorus.text.fuzz;

import dev.chorus.text.Tokenizer;
import dev.chorus.text.TokenizerException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that loads mutated tokenizer files and makes tokens with those that load. It writes the number of the file it is at
 * into a mapped file, where it stands when the process is gone.
 */
public final class TokenizerFuzz {
    private static final List<String> TEXTS = List.of(
            "",
            " ",
            "a",
            "Hello  world\n\tab, 12345 -- it's!",
            "  é ü 😀 ﬁ ﷺ İ A\u0301\u0327 \u200d 中文 \r\n ",
            "\u0000\u0001x\u0000",
            "<s>x</s> <unk> [UNK] ▁a##b</w>",
            "aaaaaaaaaa".repeat(20) + "b",
            "A",
            "ab ab");

    private TokenizerFuzz() {}

    /** Arguments: file of the progress, first number, number behind the last, folders of the tokenizers to begin with. */
    public static void main(String[] args) throws IOException {
        List<Path> folders = new ArrayList<>();
        for (int i = 3; i < args.length; i++) {
            folders.add(Path.of(args[i]));
        }
        TokenizerMutations mutations = new TokenizerMutations(folders);
        try (RandomAccessFile file = new RandomAccessFile(args[0], "rw")) {
            MappedByteBuffer progress = file.getChannel().map(MapMode.READ_WRITE, 0, 24);
            long loaded = progress.getLong(8);
            long wrong = progress.getLong(16);
            for (long number = Long.parseLong(args[1]); number < Long.parseLong(args[2]); number++) {
                progress.putLong(0, number);
                try {
                    loaded += used(mutations.file(number)) ? 1 : 0;
                } catch (RuntimeException | Error e) {
                    wrong++;
                    System.err.println("file " + number + ": " + e);
                }
                progress.putLong(8, loaded);
                progress.putLong(16, wrong);
            }
            progress.putLong(0, Long.parseLong(args[2]));
        }
    }

    private static boolean used(byte[] json) {
        Tokenizer opened;
        try {
            opened = Tokenizer.of(json, "fuzz");
        } catch (TokenizerException e) {
            return false;
        }
        try (Tokenizer tokenizer = opened) {
            for (String text : TEXTS) {
                try {
                    tokenizer.decode(tokenizer.encode(text));
                    tokenizer.decode(tokenizer.encodeWithSpecialsAndSpans(text).ids());
                } catch (TokenizerException refused) {
                    // It says so, which is all that is asked of it.
                }
            }
        }
        return true;
    }
}
