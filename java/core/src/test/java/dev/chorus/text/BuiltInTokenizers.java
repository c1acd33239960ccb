package dev.chorus.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** The tokenizers that come with the library, for tests. */
public final class BuiltInTokenizers {
    /** Byte-level BPE of three sizes, SentencePiece-like BPE, unigram. */
    public static final List<String> NAMES =
            List.of("byte-bpe-900", "byte-bpe-2000", "byte-bpe-4000", "sp-bpe-1500", "unigram-1200");

    private BuiltInTokenizers() {}

    /** The caller closes it. */
    public static Tokenizer open(String name) {
        try (InputStream in = Tokenizer.class.getResourceAsStream("/dev/chorus/data/tokenizers/" + name + ".json")) {
            return Tokenizer.of(in.readAllBytes(), name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
