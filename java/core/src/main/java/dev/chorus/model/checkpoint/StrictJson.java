package dev.chorus.model.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * One JSON object, read token by token from strict UTF-8: no key twice at any depth, nothing behind the closing brace. What is in
 * memory is what the caller keeps, whatever the length.
 */
final class StrictJson implements AutoCloseable {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Path file;
    private final String what;
    private final JsonParser parser;

    /** Reads a value whose first token has been read, or none for a field that is of no interest. */
    interface Field {
        void read(String name) throws IOException;
    }

    /** Work on a JSON object. */
    interface Body {
        void read(StrictJson json) throws IOException;
    }

    private StrictJson(Path file, String what, InputStream in) throws IOException {
        this.file = file;
        this.what = what;
        // The parser guesses UTF-16 and UTF-32 from bytes, and a decoder made from a charset mends what it cannot read.
        parser = FACTORY.createParser(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
    }

    /**
     * Reads one object to its end.
     *
     * @param what names it in messages, such as "the header"
     * @throws CheckpointException if it is no JSON object
     * @throws IOException         if the bytes cannot be read
     */
    static void read(Path file, String what, InputStream in, Body body) throws IOException {
        try (StrictJson json = new StrictJson(file, what, in)) {
            JsonToken first = json.parser.nextToken();
            if (first != JsonToken.START_OBJECT) {
                throw json.broken("it begins with " + json.value());
            }
            body.read(json);
            if (json.parser.nextToken() != null) {
                throw json.broken("there is more behind its end: " + json.value());
            }
        } catch (JsonProcessingException e) {
            throw broken(file, what, e.getOriginalMessage(), e);
        } catch (CharacterCodingException e) {
            throw broken(file, what, "it is not UTF-8", e);
        }
    }

    /** Reads the fields of the object whose brace was the last token. */
    void fields(Field field) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            field.read(name);
        }
    }

    /** Reads an object of words into a map. */
    void words(String name, Map<String, String> into) throws IOException {
        if (!beginsObject()) {
            throw problem("'" + name + "' is " + value() + ", expected an object of words");
        }
        fields(key -> {
            if (word() == null) {
                throw problem("'" + key + "' in '" + name + "' is " + value() + ", expected a word");
            }
            into.put(key, word());
        });
    }

    /** Passes over a value. */
    void skip() throws IOException {
        parser.skipChildren();
    }

    boolean beginsObject() {
        return parser.currentToken() == JsonToken.START_OBJECT;
    }

    boolean beginsArray() {
        return parser.currentToken() == JsonToken.START_ARRAY;
    }

    /** Whether there is another element of the array; its first token is then the current one. */
    boolean nextElement() throws IOException {
        return parser.nextToken() != JsonToken.END_ARRAY;
    }

    /** The current token's word, or null. */
    String word() throws IOException {
        return parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : null;
    }

    /** The current token's number if it is whole and from 0 to 2^63 - 1, otherwise -1. */
    long size() throws IOException {
        // A big integer is asked for its type first: asked for its value it would be an error without a tensor's name.
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
                || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
            return -1;
        }
        return Math.max(-1, parser.getLongValue());
    }

    /** The current token for a message. */
    String value() throws IOException {
        String text = parser.currentToken() == null ? "nothing" : parser.getText();
        return text.length() > 60 ? text.substring(0, 60) + "…" : text;
    }

    /** An error in what the object says. */
    CheckpointException problem(String problem) {
        return new CheckpointException(file, what + ": " + problem);
    }

    private CheckpointException broken(String why) {
        return broken(file, what, why, null);
    }

    private static CheckpointException broken(Path file, String what, String why, Exception cause) {
        return new CheckpointException(file, what + " is no JSON object in UTF-8: " + why, cause);
    }

    @Override
    public void close() throws IOException {
        parser.close();
    }
}
