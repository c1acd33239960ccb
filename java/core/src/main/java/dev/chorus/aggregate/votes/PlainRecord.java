package dev.chorus.aggregate.votes;

import com.fasterxml.jackson.databind.JsonNode;

/** One vote a record; a label of null is an abstention. */
final class PlainRecord implements JsonRecord {

    private final ReadSettings settings;
    private final BadRows bad;
    private final Row row = new Row();

    PlainRecord(ReadSettings settings, BadRows bad) {
        this.settings = settings;
        this.bad = bad;
    }

    @Override
    public void read(JsonNode record, long line, RowSink sink) {
        row.begin(line);
        boolean abstains = false;
        for (int f = 0; f < Row.ROLES.size(); f++) {
            JsonNode value = field(record, f);
            if (value.isContainerNode()) {
                bad.add(line, "the " + Row.ROLES.get(f) + " is no text or number: " + JsonScalars.shortened(value));
                return;
            }
            abstains |= f == Row.LABEL && value.isNull();
            JsonScalars.set(row, f, value);
        }
        if (abstains) {
            sink.abstention(row);
        } else {
            sink.vote(row);
        }
    }

    private JsonNode field(JsonNode record, int f) {
        String named = settings.columns().get(Row.ROLES.get(f));
        if (named != null) {
            return record.path(named);
        }
        for (String usual : Row.USUAL.get(f)) {
            if (record.has(usual)) {
                return record.get(usual);
            }
        }
        return record.path(Row.ROLES.get(f));
    }
}
