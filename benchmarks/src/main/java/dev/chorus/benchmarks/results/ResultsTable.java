package dev.chorus.benchmarks.results;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * All rows of results.csv. A run replaces the rows that it measured again on the same machine in the same profile, and leaves
 * all others; older figures are in the file's history. A ratio is written only where both figures are of one run.
 */
final class ResultsTable {
    static final String HEADER =
            "profile,op,provider,direction,shape,dtype,threads,p20_us,p50_us,p80_us,rate,rate_unit,"
                    + "times_faster_than_libtorch,times_the_floor,peak_mb,isa,hardware,cores,libtorch,jdk,date,commit";

    private final List<Row> rows;

    ResultsTable(List<Row> rows) {
        this.rows = List.copyOf(rows);
    }

    List<Row> rows() {
        return rows;
    }

    /** The table with the rows of a run in it. */
    ResultsTable with(List<Row> run) {
        List<Row> all = new ArrayList<>(rows);
        all.removeIf(old -> run.stream().anyMatch(old::sameMeasurement));
        all.addAll(run);
        return new ResultsTable(all);
    }

    /** The row of another provider for the same problem, of the same run. */
    Optional<Row> beside(Row row, Provider provider) {
        return rows.stream()
                .filter(other -> other.provider() == provider && other.sameProblem(row) && other.sameRun(row))
                .findFirst();
    }

    /** LibTorch's median over the row's: above 1 the row is faster. */
    OptionalDouble timesFaster(Row row) {
        return ratio(beside(row, Provider.LIBTORCH).map(Row::p50), Optional.of(row.p50()));
    }

    /** The row's median over the floor's. */
    OptionalDouble timesTheFloor(Row row) {
        return ratio(Optional.of(row.p50()), beside(row, Provider.FLOOR).map(Row::p50));
    }

    private static OptionalDouble ratio(Optional<Double> over, Optional<Double> under) {
        return over.isPresent() && under.isPresent()
                ? OptionalDouble.of(over.get() / under.get())
                : OptionalDouble.empty();
    }

    /** No rows where there is no file. */
    static ResultsTable read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return new ResultsTable(List.of());
        }
        List<String> lines = Files.readAllLines(file);
        if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
            throw new IllegalArgumentException(file + ": expected the header " + HEADER);
        }
        return new ResultsTable(lines.stream().skip(1).map(ResultsTable::row).toList());
    }

    void write(Path file) throws IOException {
        List<String> lines = new ArrayList<>(List.of(HEADER));
        rows.forEach(row -> lines.add(line(row)));
        Files.writeString(file, String.join("\n", lines) + "\n");
    }

    private String line(Row row) {
        Conditions under = row.under();
        return String.join(
                ",",
                quoted(under.profile()),
                quoted(row.op()),
                row.provider().text(),
                row.direction(),
                row.shape(),
                row.dtype(),
                Integer.toString(row.threads()),
                number(OptionalDouble.of(row.p20())),
                number(OptionalDouble.of(row.p50())),
                number(OptionalDouble.of(row.p80())),
                number(row.rate()),
                row.unit(),
                number(timesFaster(row)),
                number(timesTheFloor(row)),
                number(row.peak()),
                under.isa(),
                quoted(under.hardware()),
                Integer.toString(under.cores()),
                quoted(under.libtorch()),
                quoted(under.jdk()),
                under.date(),
                under.commit());
    }

    private static Row row(String line) {
        List<String> f = fields(line);
        if (f.size() != fields(HEADER).size()) {
            throw new IllegalArgumentException("results: expected as many fields as the header has, got " + line);
        }
        return new Row(
                f.get(1),
                Provider.of(f.get(2)),
                f.get(3),
                f.get(4),
                f.get(5),
                Integer.parseInt(f.get(6)),
                Double.parseDouble(f.get(7)),
                Double.parseDouble(f.get(8)),
                Double.parseDouble(f.get(9)),
                optional(f.get(10)),
                f.get(11),
                optional(f.get(14)),
                new Conditions(
                        f.get(0),
                        f.get(15),
                        f.get(16),
                        Integer.parseInt(f.get(17)),
                        f.get(18),
                        f.get(19),
                        f.get(20),
                        f.get(21)));
    }

    /** Five digits: more than two runs agree in, so that nothing is lost by writing and reading. */
    private static String number(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.5g", value.getAsDouble()) : "";
    }

    private static OptionalDouble optional(String text) {
        return text.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(text));
    }

    private static String quoted(String text) {
        return text.matches("[^\",\r\n]*") ? text : "\"" + text.replace("\"", "\"\"") + "\"";
    }

    /** The fields of a line; a quoted one may hold commas and doubled quotes (RFC 4180, without line breaks). */
    private static List<String> fields(String line) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean inQuotes = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"' && inQuotes && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                field.append(c);
                i++;
            } else if (c == '"') {
                inQuotes = !inQuotes;
            } else if (c == ',' && !inQuotes) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        fields.add(field.toString());
        return fields;
    }
}
