package dev.chorus.aggregate.votes;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Parquet through DuckDB's JDBC driver, if that is on the class path: it is no dependency of this library. */
final class ParquetRows {

    private final Path file;
    private final ReadSettings settings;

    ParquetRows(Path file, ReadSettings settings) {
        this.file = file;
        this.settings = settings;
    }

    void read(boolean needsWorker, RowSink sink) {
        String source = "read_parquet('" + file.toAbsolutePath().toString().replace("'", "''") + "')";
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            List<String> header = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery("DESCRIBE SELECT * FROM " + source)) {
                while (rows.next()) {
                    header.add(rows.getString(1));
                }
            }
            List<Integer> fields = new ArrayList<>();
            List<String> columns = new ArrayList<>();
            for (int f = 0; f < Row.ROLES.size(); f++) {
                String column = column(f, header, needsWorker);
                if (column != null) {
                    fields.add(f);
                    columns.add("CAST(\"" + column.replace("\"", "\"\"") + "\" AS VARCHAR)");
                }
            }
            Row row = new Row();
            long number = 0;
            try (ResultSet rows = statement.executeQuery("SELECT " + String.join(", ", columns) + " FROM " + source)) {
                while (rows.next()) {
                    row.begin(++number);
                    for (int i = 0; i < fields.size(); i++) {
                        String value = rows.getString(i + 1);
                        if (value != null) {
                            row.set(fields.get(i), value);
                        }
                    }
                    sink.vote(row);
                }
            }
        } catch (SQLException e) {
            boolean missing = e.getMessage() != null && e.getMessage().contains("No suitable driver");
            throw new VoteFileException(
                    file,
                    0,
                    missing
                            ? "is Parquet, which is read by DuckDB, and DuckDB is not on the class path; add "
                                    + "org.duckdb:duckdb_jdbc, or convert the file to CSV"
                            : "cannot be read as Parquet: " + e.getMessage());
        }
    }

    private String column(int field, List<String> header, boolean needsWorker) {
        String role = Row.ROLES.get(field);
        String named = settings.columns().get(role);
        for (String column : header) {
            if (column.equals(named)
                    || (named == null && Row.USUAL.get(field).contains(column.toLowerCase(Locale.ROOT)))) {
                return column;
            }
        }
        boolean needed = field == Row.TASK || field == Row.LABEL || (field == Row.WORKER && needsWorker);
        if (named != null || needed) {
            throw new VoteFileException(
                    file,
                    0,
                    named == null
                            ? "no column for the " + role + "; there are " + header
                            : "there is no column '" + named + "'; there are " + header);
        }
        return null;
    }
}
