package dev.chorus.aggregate.votes;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * An answer as Prodigy exports it. With choices ({@code accept} is a list) the accepted one is the label; else the answer is,
 * accept or reject, and a task is what was asked ({@code _task_hash}). What was ignored, and choices that were rejected, are
 * abstentions.
 */
final class ProdigyRecord implements JsonRecord {

    private final ReadSettings settings;
    private final BadRows bad;
    private final Row row = new Row();

    ProdigyRecord(ReadSettings settings, BadRows bad) {
        this.settings = settings;
        this.bad = bad;
    }

    @Override
    public void read(JsonNode record, long line, RowSink sink) {
        row.begin(line);
        JsonNode accept = record.path("accept");
        JsonNode hash =
                accept.isArray() || !record.has("_task_hash") ? record.path("_input_hash") : record.get("_task_hash");
        String task = settings.columns().get("task");
        JsonScalars.set(row, Row.TASK, task == null ? hash : record.path(task));
        String worker = settings.columns().get("worker");
        JsonNode session = record.has("_annotator_id") ? record.get("_annotator_id") : record.path("_session_id");
        JsonScalars.set(row, Row.WORKER, worker == null ? session : record.path(worker));
        JsonScalars.set(row, Row.TIMESTAMP, record.path("_timestamp"));
        String answer = record.path("answer").asText("");
        if (answer.equals("ignore") || (accept.isArray() && (answer.equals("reject") || accept.isEmpty()))) {
            sink.abstention(row);
        } else if (accept.size() > 1) {
            bad.add(line, "expected one accepted choice, got " + JsonScalars.shortened(accept));
        } else if (!answer.equals("accept") && !answer.equals("reject")) {
            bad.add(line, "expected an answer of accept, reject or ignore, got '" + answer + "'");
        } else {
            row.set(Row.LABEL, accept.isArray() ? accept.get(0).asText() : answer);
            sink.vote(row);
        }
    }
}
