package dev.chorus.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A Hugging Face {@code tokenizer.json}, run by Hugging Face's own library through DJL's binding.
 *
 * <p>No special token is ever added by itself: prompts and completions are put together where they are used. The special
 * tokens {@code <pad>}, {@code <eos>} and {@code <sep>} must exist. Thread-safe; owns a native object until {@link #close}.
 */
public final class Tokenizer implements AutoCloseable {
    static {
        // With a CUDA runtime in sight, DJL would try to download a GPU build of the library.
        System.setProperty("ai.djl.offline", "true");
        if (System.getProperty("RUST_FLAVOR") == null) {
            System.setProperty("RUST_FLAVOR", "cpu");
        }
    }

    private final byte[] json;
    private final HuggingFaceTokenizer tokenizer;
    private final int vocabSize;
    private final int pad;
    private final int eos;
    private final int sep;

    /**
     * A text's tokens.
     *
     * @param ids   token ids
     * @param spans [token][2] the characters that every token covers, from (inclusive) and to (exclusive)
     */
    public record Tokens(int[] ids, int[][] spans) {}

    private Tokenizer(byte[] json, String name) {
        this.json = json.clone();
        try {
            JsonNode root = new ObjectMapper().readTree(json);
            Map<String, Integer> special = new HashMap<>();
            root.path("added_tokens")
                    .forEach(token -> special.put(
                            token.path("content").asText(), token.path("id").asInt()));
            pad = special(special, "<pad>", name);
            eos = special(special, "<eos>", name);
            sep = special(special, "<sep>", name);
            vocabSize = root.path("model").path("vocab").size();
            tokenizer = HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json), Map.of("addSpecialTokens", "false", "truncation", "false"));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(name + ": not a usable tokenizer.json: " + e.getMessage(), e);
        }
    }

    /**
     * From the bytes of a {@code tokenizer.json}.
     *
     * @param name what messages call it
     * @throws IllegalArgumentException if it is none, or lacks a special token
     */
    public static Tokenizer of(byte[] json, String name) {
        return new Tokenizer(json, name);
    }

    /** From a model folder's {@code tokenizer.json}. */
    public static Tokenizer load(Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        return new Tokenizer(Files.readAllBytes(file), file.toString());
    }

    /** Token ids of a text. */
    public int[] encode(String text) {
        return ints(tokenizer.encode(text, false, false).getIds());
    }

    /** Token ids with the characters they cover. */
    public Tokens encodeWithSpans(String text) {
        Encoding encoding = tokenizer.encode(text, false, false);
        int[] ids = ints(encoding.getIds());
        int[][] spans = new int[ids.length][2];
        CharSpan[] found = encoding.getCharTokenSpans();
        // The library counts code points; a character outside the basic plane is two of Java's.
        int[] charOf = charOfCodePoint(text);
        for (int i = 0; i < ids.length; i++) {
            if (found[i] != null) {
                spans[i][0] = charOf[found[i].getStart()];
                spans[i][1] = charOf[found[i].getEnd()];
            }
        }
        return new Tokens(ids, spans);
    }

    /** The text of token ids, special tokens left out. */
    public String decode(int[] ids) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            wide[i] = ids[i];
        }
        return tokenizer.decode(wide, true);
    }

    /** The texts of many token sequences. */
    public List<String> decode(List<int[]> sequences) {
        return sequences.stream().map(this::decode).toList();
    }

    /** V. */
    public int vocabSize() {
        return vocabSize;
    }

    /** Id of {@code <pad>}. */
    public int pad() {
        return pad;
    }

    /** Id of {@code <eos>}. */
    public int eos() {
        return eos;
    }

    /** Id of {@code <sep>}, which stands between a prompt and its completion. */
    public int sep() {
        return sep;
    }

    /** The {@code tokenizer.json} it was made from. */
    public byte[] json() {
        return json.clone();
    }

    @Override
    public void close() {
        tokenizer.close();
    }

    /** Where every code point begins, and the text's length behind the last. */
    private static int[] charOfCodePoint(String text) {
        int[] chars = new int[text.codePointCount(0, text.length()) + 1];
        for (int i = 1; i < chars.length; i++) {
            chars[i] = text.offsetByCodePoints(chars[i - 1], 1);
        }
        return chars;
    }

    private static int special(Map<String, Integer> special, String token, String name) {
        Integer id = special.get(token);
        if (id == null) {
            throw new IllegalArgumentException(
                    name + ": no special token " + token + "; there are " + special.keySet());
        }
        return id;
    }

    private static int[] ints(long[] ids) {
        int[] out = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            out[i] = Math.toIntExact(ids[i]);
        }
        return out;
    }
}
