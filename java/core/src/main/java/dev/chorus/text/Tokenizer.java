package dev.chorus.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A Hugging Face {@code tokenizer.json}, run by Hugging Face's own library through DJL's binding, with the rules that the
 * files beside it add ({@code TokenizerClass}): the ids are those of {@code AutoTokenizer.from_pretrained(folder)} in
 * transformers 5.18.
 *
 * <p>{@link #encode} adds no special token; {@link #encodeWithSpecials} adds those that the model was trained with. Which
 * special tokens there are is the folder's affair: {@code tokenizer_config.json}, {@code special_tokens_map.json}, and for a
 * {@code tokenizer.json} that stands alone {@code <pad>}, {@code <eos>} and {@code <sep>}. Chat templates are not applied.
 * Thread-safe; owns a native object until {@link #close}.
 */
public final class Tokenizer implements AutoCloseable {
    /** Characters that a text may come to while it is normalised, at worst; some 20 bytes each are held. */
    private static final double MOST_CHARACTERS = 1 << 26;

    private final TokenizerFiles files;
    private final TokenizerDefinition definition;
    private final HuggingFaceTokenizer tokenizer;

    /**
     * A text's tokens.
     *
     * @param ids   token ids
     * @param spans [token][2] the characters that every token covers, from (inclusive) and to (exclusive); 0, 0 for special
     *     tokens that were added around the text
     */
    public record Tokens(int[] ids, int[][] spans) {}

    private Tokenizer(TokenizerFiles files) {
        this.files = files;
        definition = TokenizerDefinition.of(files);
        TokenizerLibrary.load();
        try {
            tokenizer = HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(definition.json()),
                    Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
        } catch (IOException | RuntimeException e) {
            throw new TokenizerException(
                    files.name(), "not a usable tokenizer.json: " + Shown.value(e.getMessage()), e);
        }
    }

    /**
     * From the bytes of a {@code tokenizer.json} that stands alone.
     *
     * @param name what messages call it
     * @throws TokenizerException if it is none
     */
    public static Tokenizer of(byte[] json, String name) {
        return new Tokenizer(TokenizerFiles.alone(json, name));
    }

    /**
     * From a model folder: {@code tokenizer.json} and what is there of {@code tokenizer_config.json},
     * {@code special_tokens_map.json}, {@code added_tokens.json}, {@code config.json}.
     *
     * @throws TokenizerException if the files cannot be used, or would give other ids in transformers than here; names the
     *     file, the key and the cure
     */
    public static Tokenizer load(Path folder) throws IOException {
        return new Tokenizer(TokenizerFiles.read(folder));
    }

    /**
     * Writes the tokenizer's files into a model folder: all of the folder it came from, byte for byte. A tokenizer that stands
     * alone gets a {@code tokenizer_config.json} with {@code <pad>}, {@code <eos>} and {@code <sep>}.
     *
     * @param positions the longest sequence of the model, in tokens
     */
    public void save(Path folder, long positions) throws IOException {
        files.write(folder, positions);
    }

    /**
     * Token ids of a text, without special tokens around it.
     *
     * @throws TokenizerException if the text holds half a character, could become too long while it is normalised, or the
     *     tokenizer knows no token for it; so do the others that make tokens
     */
    public int[] encode(String text) {
        return ints(encoding(text, false).getIds());
    }

    /** Token ids of a text with the special tokens that the tokenizer puts around it: {@code tokenizer(text)} in Python. */
    public int[] encodeWithSpecials(String text) {
        return ints(encoding(text, true).getIds());
    }

    /** Token ids with the characters they cover, without special tokens around the text. */
    public Tokens encodeWithSpans(String text) {
        return spans(text, false);
    }

    /** Token ids with the characters they cover, and with the special tokens that the tokenizer puts around a text. */
    public Tokens encodeWithSpecialsAndSpans(String text) {
        return spans(text, true);
    }

    private Encoding encoding(String text, boolean specials) {
        if (!WholeText.is(text)) {
            throw new TokenizerException(files.name(), "the text holds half a character (an unpaired surrogate)");
        }
        if (text.length() * definition.growth() > MOST_CHARACTERS) {
            throw new TokenizerException(
                    files.name(),
                    "a text of " + text.length() + " characters, which the normalizer can make "
                            + Math.round(definition.growth()) + " times as long; at most " + (long) MOST_CHARACTERS
                            + " may come of it");
        }
        try {
            return tokenizer.encode(text, specials, false);
        } catch (RuntimeException e) {
            throw new TokenizerException(files.name(), "makes no tokens of a text: " + Shown.value(e.getMessage()), e);
        }
    }

    private Tokens spans(String text, boolean specials) {
        Encoding encoding = encoding(text, specials);
        int[] ids = ints(encoding.getIds());
        int[][] spans = new int[ids.length][2];
        CharSpan[] found = encoding.getCharTokenSpans();
        // The library counts code points; a character outside the basic plane is two of Java's.
        int[] charOf = charOfCodePoint(text);
        if (found.length != ids.length) {
            throw new TokenizerException(
                    files.name(), "gives " + ids.length + " tokens of a text " + found.length + " places in it");
        }
        for (int i = 0; i < ids.length; i++) {
            if (found[i] != null) {
                if (found[i].getStart() < 0
                        || found[i].getStart() > found[i].getEnd()
                        || found[i].getEnd() >= charOf.length) {
                    throw new TokenizerException(
                            files.name(),
                            "gives a token the characters " + found[i].getStart() + " to " + found[i].getEnd()
                                    + " of a text of " + (charOf.length - 1) + "; the normalizer loses its offsets");
                }
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
        String text;
        try {
            text = tokenizer.decode(wide, true);
        } catch (RuntimeException e) {
            throw new TokenizerException(files.name(), "makes no text of tokens: " + Shown.value(e.getMessage()), e);
        }
        return definition.cleanUp() ? cleanUp(text) : text;
    }

    /** The texts of many token sequences. */
    public List<String> decode(List<int[]> sequences) {
        return sequences.stream().map(this::decode).toList();
    }

    /** Whether a sequence begins with two tokens that begin a sequence. */
    public boolean beginsTwice(int[] ids) {
        int bos = bosId().orElse(-1);
        return ids.length > 1 && ids[0] == bos && ids[1] == bos;
    }

    /** V: the highest id, added tokens included, plus 1. */
    public int vocabSize() {
        return definition.vocabSize();
    }

    /** Id of the padding token. */
    public OptionalInt padId() {
        return id("pad");
    }

    /** Id of the token that begins a sequence. */
    public OptionalInt bosId() {
        return id("bos");
    }

    /** Id of the token that ends a sequence. */
    public OptionalInt eosId() {
        return id("eos");
    }

    /** Id of the token for what the vocabulary does not hold. */
    public OptionalInt unkId() {
        return id("unk");
    }

    /** Id of the token between a prompt and its completion. */
    public OptionalInt sepId() {
        return id("sep");
    }

    /**
     * Id of the padding token.
     *
     * @throws IllegalStateException if there is none
     */
    public int pad() {
        return required("pad");
    }

    /**
     * Id of the token that ends a sequence.
     *
     * @throws IllegalStateException if there is none
     */
    public int eos() {
        return required("eos");
    }

    /**
     * Id of the token between a prompt and its completion.
     *
     * @throws IllegalStateException if there is none
     */
    public int sep() {
        return required("sep");
    }

    /** The special tokens by role: "pad", "bos", "eos", "unk", "sep", "cls", "mask" to their text. */
    public Map<String, String> specialTokens() {
        return definition.specialTokens();
    }

    /** The Python class whose rules hold, such as "TokenizersBackend" or "LlamaTokenizer". */
    public String className() {
        return definition.tokenizerClass().pythonName();
    }

    /** Whether the folder has a chat template, which nothing here applies. */
    public boolean hasChatTemplate() {
        return definition.chatTemplate();
    }

    /** What messages call it: the path of its {@code tokenizer.json}. */
    public String name() {
        return files.name();
    }

    /** The {@code tokenizer.json} it was made from. */
    public byte[] json() {
        return files.content().get(TokenizerFiles.TOKENIZER).clone();
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

    private OptionalInt id(String role) {
        Integer id = definition.specialIds().get(role);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    private int required(String role) {
        Integer id = definition.specialIds().get(role);
        if (id == null) {
            throw new IllegalStateException(
                    files.name() + ": the tokenizer has no " + role + " token; name one with the key " + role
                            + "_token in tokenizer_config.json, there are " + definition.specialTokens());
        }
        return id;
    }

    /** Takes back the spaces that word-piece models leave before punctuation. */
    private static String cleanUp(String text) {
        return text.replace(" .", ".")
                .replace(" ?", "?")
                .replace(" !", "!")
                .replace(" ,", ",")
                .replace(" ' ", "'")
                .replace(" n't", "n't")
                .replace(" 'm", "'m")
                .replace(" 's", "'s")
                .replace(" 've", "'ve")
                .replace(" 're", "'re");
    }

    private static int[] ints(long[] ids) {
        int[] out = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            out[i] = Math.toIntExact(ids[i]);
        }
        return out;
    }
}
