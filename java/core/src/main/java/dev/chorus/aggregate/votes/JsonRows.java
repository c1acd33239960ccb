package dev.chorus.aggregate.votes;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** JSON Lines, and files that are one JSON list; records go to the reader that knows the first of them. */
final class JsonRows {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final InputStream in;
    private final ReadSettings settings;
    private final BadRows bad;
    private JsonExports export;
    private JsonRecord reader;

    JsonRows(InputStream in, ReadSettings settings, BadRows bad) {
        this.in = in;
        this.settings = settings;
        this.bad = bad;
    }

    /** What wrote the file, in words; known after reading. */
    String title() {
        return export == null ? "JSON" : export.title();
    }

    /** One object a line. */
    void readLines(RowSink sink) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        byte[] buffer = new byte[1 << 16];
        long number = 1;
        int read = in.read(buffer);
        while (read >= 0) {
            int from = 0;
            for (int i = 0; i < read; i++) {
                if (buffer[i] == '\n') {
                    line.write(buffer, from, i - from);
                    line(line, number++, true, sink);
                    from = i + 1;
                }
            }
            line.write(buffer, from, read - from);
            read = in.read(buffer);
        }
        line(line, number, false, sink);
    }

    private void line(ByteArrayOutputStream bytes, long number, boolean ended, RowSink sink) {
        byte[] content = bytes.toByteArray();
        bytes.reset();
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
        } catch (CharacterCodingException e) {
            bad.add(number, "not UTF-8");
            return;
        }
        if (text.isBlank()) {
            if (ended) {
                bad.add(number, "an empty line");
            }
            return;
        }
        try {
            record(JSON.readTree(text), number, sink);
        } catch (JsonProcessingException e) {
            bad.add(number, "not JSON: " + e.getOriginalMessage());
        }
    }

    /** One list, or one object with a list of {@code records}. */
    void readList(RowSink sink) throws IOException {
        try (JsonParser parser = new JsonFactory(JSON).createParser(in)) {
            JsonToken token = parser.nextToken();
            while (token == JsonToken.START_OBJECT || token == JsonToken.FIELD_NAME) {
                token = parser.nextToken();
            }
            if (token != JsonToken.START_ARRAY) {
                throw new VoteFileException(bad.file(), 0, "expected a list of records");
            }
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                long line = parser.currentTokenLocation().getLineNr();
                JsonNode record = JSON.readTree(parser);
                record(record, line, sink);
            }
            if (parser.currentToken() != JsonToken.END_ARRAY) {
                throw new VoteFileException(
                        bad.file(),
                        parser.currentTokenLocation().getLineNr(),
                        "expected a record, an object in braces");
            }
        } catch (JsonProcessingException e) {
            throw new VoteFileException(
                    bad.file(),
                    e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                    "not JSON: " + e.getOriginalMessage());
        } catch (java.io.CharConversionException e) {
            throw new VoteFileException(bad.file(), 0, "not UTF-8: " + e.getMessage());
        }
    }

    private void record(JsonNode record, long line, RowSink sink) {
        if (!record.isObject()) {
            bad.add(line, "expected a JSON object, got " + JsonScalars.shortened(record));
            return;
        }
        if (reader == null) {
            export = JsonExports.of(record);
            reader = export.reader(settings, bad);
        }
        reader.read(record, line, sink);
    }
}
