package dev.chorus.aggregate.votes;

import com.fasterxml.jackson.databind.JsonNode;

/** Reads the votes of one record of an export. */
interface JsonRecord {

    /** Hands the record's votes to the sink. */
    void read(JsonNode record, long line, RowSink sink);
}
