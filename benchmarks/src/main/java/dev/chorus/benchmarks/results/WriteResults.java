package dev.chorus.benchmarks.results;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Turns what JMH wrote into rows of results.csv and the table of README.md, and prints that table. */
public final class WriteResults {
    private WriteResults() {}

    /**
     * Runs it.
     *
     * @param arguments JMH's JSON file, the CSV file, the Markdown file, the profile's name, the commit
     * @throws IOException if a file cannot be read or written
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 5) {
            throw new IllegalArgumentException("expected: JSON CSV MARKDOWN PROFILE COMMIT");
        }
        System.out.print(write(
                Path.of(arguments[0]),
                Path.of(arguments[1]),
                Path.of(arguments[2]),
                Conditions.here(arguments[3], arguments[4])));
    }

    /** The table that was written. */
    static String write(Path json, Path csv, Path markdown, Conditions conditions) throws IOException {
        List<Row> run = JmhReport.read(json).stream()
                .map(measurement -> Row.of(measurement, conditions))
                .toList();
        ResultsTable table = ResultsTable.read(csv).with(run);
        String text = SpeedTable.markdown(table, conditions);
        table.write(csv);
        MarkedPart.replace(markdown, text);
        return text;
    }
}
