package dev.chorus.benchmarks.results;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Turns what JMH wrote into rows of results.csv and the table of README.md, and prints that table. */
public final class WriteResults {
    private WriteResults() {}

    /**
     * Runs it.
     *
     * @param arguments the CSV file, the Markdown file, the profile's name, the commit, JMH's JSON files
     * @throws IOException if a file cannot be read or written
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 5) {
            throw new IllegalArgumentException("expected: CSV MARKDOWN PROFILE COMMIT JSON...");
        }
        List<Path> reports = Arrays.stream(arguments).skip(4).map(Path::of).toList();
        System.out.print(write(
                reports, Path.of(arguments[0]), Path.of(arguments[1]), Conditions.here(arguments[2], arguments[3])));
    }

    /** The table that was written. */
    static String write(List<Path> reports, Path csv, Path markdown, Conditions conditions) throws IOException {
        List<Row> run = new ArrayList<>();
        for (Path report : reports) {
            JmhReport.read(report).forEach(measurement -> run.add(Row.of(measurement, conditions)));
        }
        ResultsTable table = ResultsTable.read(csv).with(run);
        String text = SpeedTable.markdown(table, conditions);
        table.write(csv);
        MarkedPart.replace(markdown, text);
        return text;
    }
}
