package dev.chorus.aggregate.votes;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * What annotation tools and judges write as JSON, one record after another: the shape of the first record decides which tool
 * it is.
 */
enum JsonExports {

    /** {@code annotations[].completed_by}, {@code result[].value.choices}, {@code predictions[].model_version}. */
    LABEL_STUDIO("Label Studio") {
        @Override
        boolean knows(JsonNode record) {
            return record.path("annotations").isArray()
                    || record.path("completions").isArray();
        }

        @Override
        JsonRecord reader(ReadSettings settings, BadRows bad) {
            return new LabelStudioRecord(settings, bad);
        }
    },
    /** Responses by user with a status, suggestions with agent and score. */
    ARGILLA("Argilla") {
        @Override
        boolean knows(JsonNode record) {
            if (record.has("responses") || record.has("suggestions")) {
                return true;
            }
            for (String name : (Iterable<String>) record::fieldNames) {
                if (name.endsWith(".responses") || name.endsWith(".suggestion")) {
                    return true;
                }
            }
            return false;
        }

        @Override
        JsonRecord reader(ReadSettings settings, BadRows bad) {
            return new ArgillaRecord(settings, bad);
        }
    },
    /** {@code _input_hash}, {@code _session_id}, {@code answer}, {@code accept}. */
    PRODIGY("Prodigy") {
        @Override
        boolean knows(JsonNode record) {
            return record.has("_input_hash") && record.has("answer");
        }

        @Override
        JsonRecord reader(ReadSettings settings, BadRows bad) {
            return new ProdigyRecord(settings, bad);
        }
    },
    /** One vote a record, such as {@code item}, {@code judge}, {@code label}. */
    VOTES("JSON") {
        @Override
        boolean knows(JsonNode record) {
            return true;
        }

        @Override
        JsonRecord reader(ReadSettings settings, BadRows bad) {
            return new PlainRecord(settings, bad);
        }
    };

    private final String title;

    JsonExports(String title) {
        this.title = title;
    }

    /** What people call it. */
    String title() {
        return title;
    }

    abstract boolean knows(JsonNode record);

    abstract JsonRecord reader(ReadSettings settings, BadRows bad);

    /** The first that knows such a record. */
    static JsonExports of(JsonNode record) {
        for (JsonExports export : List.of(values())) {
            if (export.knows(record)) {
                return export;
            }
        }
        return VOTES;
    }
}
