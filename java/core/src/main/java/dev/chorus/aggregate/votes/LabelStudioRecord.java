package dev.chorus.aggregate.votes;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A task as Label Studio exports it. An annotation that was cancelled or has no result is an abstention, one that is the ground
 * truth is the task's gold label and no vote; a prediction is a vote of its model version with its score.
 */
final class LabelStudioRecord implements JsonRecord {

    private final ReadSettings settings;
    private final BadRows bad;
    private final Row row = new Row();

    LabelStudioRecord(ReadSettings settings, BadRows bad) {
        this.settings = settings;
        this.bad = bad;
    }

    @Override
    public void read(JsonNode record, long line, RowSink sink) {
        String task = JsonScalars.scalar(record.path("id"));
        if (task == null) {
            bad.add(line, "a task without 'id'");
            return;
        }
        JsonNode annotations = record.has("annotations") ? record.get("annotations") : record.path("completions");
        for (JsonNode annotation : annotations) {
            JsonNode by = annotation.path("completed_by");
            String worker = by.isObject()
                    ? JsonScalars.scalar(by.has("email") ? by.get("email") : by.path("id"))
                    : JsonScalars.scalar(by);
            row.begin(line);
            row.set(Row.TASK, task);
            if (worker != null) {
                row.set(Row.WORKER, worker);
            }
            JsonScalars.set(row, Row.TIMESTAMP, annotation.path("created_at"));
            boolean cancelled = annotation.path("was_cancelled").asBoolean(false);
            give(annotation, cancelled, annotation.path("ground_truth").asBoolean(false), sink);
        }
        for (JsonNode prediction : record.path("predictions")) {
            // A list of numbers stands here where an export leaves predictions out.
            if (prediction.isObject()) {
                row.begin(line);
                row.set(Row.TASK, task);
                JsonScalars.set(row, Row.WORKER, prediction.path("model_version"));
                JsonNode score = prediction.path("score");
                if (score.isNumber() && score.asDouble() >= 0 && score.asDouble() <= 1) {
                    row.set(Row.PROBABILITY, score.asText());
                }
                give(prediction, false, false, sink);
            }
        }
    }

    private void give(JsonNode annotation, boolean cancelled, boolean truth, RowSink sink) {
        String label = null;
        String question = null;
        for (JsonNode result : annotation.path("result")) {
            JsonNode value = result.path("value");
            JsonNode choices = value.path("choices");
            String name = result.path("from_name").asText("");
            boolean asked = settings.question().isEmpty() || settings.question().equals(name);
            if (!asked || !(choices.isArray() || value.has("rating"))) {
                continue;
            }
            if (label != null) {
                bad.add(
                        row.line,
                        "answers to '" + question + "' and '" + name + "'; say which question is meant (question="
                                + name + ")");
                return;
            }
            if (choices.size() > 1) {
                bad.add(row.line, "expected one choice, got " + JsonScalars.shortened(choices));
                return;
            }
            question = name;
            label = JsonScalars.scalar(choices.isArray() ? choices.path(0) : value.get("rating"));
        }
        if (cancelled || label == null) {
            sink.abstention(row);
            return;
        }
        row.set(Row.LABEL, label);
        if (truth) {
            sink.gold(row);
        } else {
            sink.vote(row);
        }
    }
}
