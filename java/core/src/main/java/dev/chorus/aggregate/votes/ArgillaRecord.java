package dev.chorus.aggregate.votes;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A record as Argilla exports it, in its three shapes: responses as a list with {@code values} by question (server), responses
 * by question (records to JSON), and flat columns such as {@code label.responses} (datasets). A response that is discarded is an
 * abstention, a draft is none yet; a suggestion is a vote of its agent with its score.
 */
final class ArgillaRecord implements JsonRecord {

    private final ReadSettings settings;
    private final BadRows bad;
    private final Row row = new Row();

    ArgillaRecord(ReadSettings settings, BadRows bad) {
        this.settings = settings;
        this.bad = bad;
    }

    @Override
    public void read(JsonNode record, long line, RowSink sink) {
        String task = JsonScalars.scalar(record.has("id") ? record.get("id") : record.path("external_id"));
        if (task == null) {
            bad.add(line, "a record without 'id'");
            return;
        }
        JsonNode responses = record.path("responses");
        JsonNode suggestions = record.path("suggestions");
        if (responses.isArray()) {
            for (JsonNode response : responses) {
                Map<String, JsonNode> values = new LinkedHashMap<>();
                response.path("values")
                        .properties()
                        .forEach(v -> values.put(v.getKey(), v.getValue().path("value")));
                give(task, line, response.path("user_id"), response.path("status"), values, null, sink);
            }
        } else {
            responses.properties().forEach(question -> question.getValue()
                    .forEach(response -> give(
                            task,
                            line,
                            response.path("user_id"),
                            response.path("status"),
                            Map.of(question.getKey(), response.path("value")),
                            null,
                            sink)));
        }
        if (suggestions.isArray()) {
            for (JsonNode suggestion : suggestions) {
                String question = suggestion.path("question_name").asText("");
                suggest(
                        task,
                        line,
                        question,
                        suggestion.path("agent"),
                        suggestion.path("value"),
                        suggestion.path("score"),
                        sink);
            }
        } else {
            suggestions
                    .properties()
                    .forEach(s -> suggest(
                            task,
                            line,
                            s.getKey(),
                            s.getValue().path("agent"),
                            s.getValue().path("value"),
                            s.getValue().path("score"),
                            sink));
        }
        flat(record, task, line, sink);
    }

    private void flat(JsonNode record, String task, long line, RowSink sink) {
        record.fieldNames().forEachRemaining(name -> {
            if (name.endsWith(".responses")) {
                String question = name.substring(0, name.length() - ".responses".length());
                JsonNode values = record.get(name);
                for (int i = 0; i < values.size(); i++) {
                    give(
                            task,
                            line,
                            record.path(name + ".users").path(i),
                            record.path(name + ".status").path(i),
                            Map.of(question, values.get(i)),
                            null,
                            sink);
                }
            } else if (name.endsWith(".suggestion") && !record.get(name).isNull()) {
                String question = name.substring(0, name.length() - ".suggestion".length());
                suggest(
                        task,
                        line,
                        question,
                        record.path(name + ".agent"),
                        record.get(name),
                        record.path(name + ".score"),
                        sink);
            }
        });
    }

    private void suggest(
            String task, long line, String question, JsonNode agent, JsonNode value, JsonNode score, RowSink sink) {
        JsonNode named = JsonScalars.scalar(agent) == null
                ? com.fasterxml.jackson.databind.node.TextNode.valueOf("suggestion")
                : agent;
        JsonNode submitted = com.fasterxml.jackson.databind.node.TextNode.valueOf("submitted");
        give(task, line, named, submitted, Map.of(question, value), score, sink);
    }

    private void give(
            String task,
            long line,
            JsonNode worker,
            JsonNode status,
            Map<String, JsonNode> values,
            JsonNode score,
            RowSink sink) {
        String state = status.asText("submitted");
        if (state.equals("draft") || state.equals("pending")) {
            return;
        }
        row.begin(line);
        row.set(Row.TASK, task);
        JsonScalars.set(row, Row.WORKER, worker);
        if (score != null && score.isNumber()) {
            row.set(Row.PROBABILITY, score.asText());
        }
        if (state.equals("discarded")) {
            sink.abstention(row);
            return;
        }
        JsonNode answer = null;
        for (Map.Entry<String, JsonNode> value : values.entrySet()) {
            if (settings.question().isEmpty() || settings.question().equals(value.getKey())) {
                if (answer != null) {
                    bad.add(
                            line,
                            "answers to " + values.keySet() + "; say which question is meant (question="
                                    + value.getKey() + ")");
                    return;
                }
                answer = value.getValue();
            }
        }
        if (answer == null) {
            return;
        }
        if (JsonScalars.scalar(answer) == null) {
            bad.add(line, "expected one label, got " + JsonScalars.shortened(answer));
            return;
        }
        row.set(Row.LABEL, answer.asText());
        sink.vote(row);
    }
}
