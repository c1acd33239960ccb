package dev.chorus.benchmarks.results;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The results of one machine and profile as a Markdown table: a row for every measurement of ours. */
final class SpeedTable {
    private static final String NONE = "–";

    private SpeedTable() {}

    /**
     * The table, with the conditions above it.
     *
     * @param machine whose rows: all with the same machine and profile
     */
    static String markdown(ResultsTable table, Conditions machine) {
        List<Row> ours = table.rows().stream()
                .filter(row -> row.provider() == Provider.CHORUS && row.under().sameMachine(machine))
                .toList();
        List<String> lines = new ArrayList<>();
        lines.add(conditions(ours, machine));
        lines.add("");
        lines.add(
                "| op | direction | shape | dtype | Chorus | LibTorch | times faster | floor | times the floor | time of f32 |"
                        + " target |");
        lines.add("|---|---|---|---|--:|--:|--:|--:|--:|--:|---|");
        ours.forEach(row -> lines.add(line(row, table)));
        return String.join("\n", lines) + "\n";
    }

    private static String conditions(List<Row> ours, Conditions machine) {
        return "Medians of the " + machine.profile() + " profile; " + machine.hardware() + ", " + machine.cores()
                + " cores, " + machine.isa() + "; " + each(ours, row -> row.threads() + "") + " threads; LibTorch "
                + each(ours, row -> row.under().libtorch()) + ", JDK "
                + each(ours, row -> row.under().jdk()) + "; "
                + each(ours, row -> row.under().date().substring(0, 10)) + ", commit "
                + each(ours, row -> row.under().commit()) + ".";
    }

    private static String each(List<Row> rows, Function<Row, String> of) {
        return rows.stream().map(of).distinct().sorted().collect(Collectors.joining(", "));
    }

    private static String line(Row row, ResultsTable table) {
        OptionalDouble libtorch = p50(row, Provider.LIBTORCH, table);
        OptionalDouble floor = p50(row, Provider.FLOOR, table);
        return "| "
                + String.join(
                        " | ",
                        row.op(),
                        direction(row.direction()),
                        row.shape().replace("x", " × "),
                        row.dtype(),
                        time(OptionalDouble.of(row.p50())),
                        time(libtorch),
                        ratio(table.timesFaster(row)),
                        time(floor),
                        ratio(table.timesTheFloor(row)),
                        ratio(timesOfF32(row, table)),
                        Target.verdict(row, table))
                + " |";
    }

    private static OptionalDouble p50(Row row, Provider provider, ResultsTable table) {
        return table.beside(row, provider)
                .map(other -> OptionalDouble.of(other.p50()))
                .orElseGet(OptionalDouble::empty);
    }

    /** A bf16 row's median over that of the same run in f32: half the bytes, so about 0.5 where memory decides. */
    private static OptionalDouble timesOfF32(Row row, ResultsTable table) {
        return table.rows().stream()
                .filter(other -> row.dtype().equals("bf16")
                        && other.dtype().equals("f32")
                        && other.provider() == row.provider()
                        && other.op().equals(row.op())
                        && other.direction().equals(row.direction())
                        && other.shape().equals(row.shape())
                        && other.threads() == row.threads()
                        && other.sameRun(row))
                .mapToDouble(other -> row.p50() / other.p50())
                .findFirst();
    }

    private static String direction(String direction) {
        return direction.equals("forwardBackward") ? "forward + backward" : direction;
    }

    /** Three digits, in the unit that leaves the point in sight. */
    private static String time(OptionalDouble micros) {
        if (micros.isEmpty()) {
            return NONE;
        }
        double value = micros.getAsDouble();
        if (value >= 1e6) {
            return digits(value / 1e6) + " s";
        }
        return value >= 1e3 ? digits(value / 1e3) + " ms" : digits(value) + " µs";
    }

    private static String ratio(OptionalDouble value) {
        return value.isPresent() ? digits(value.getAsDouble()) + "×" : NONE;
    }

    /** Three digits, zeros at the end included. */
    private static String digits(double value) {
        return new BigDecimal(String.format(Locale.ROOT, "%.3g", value)).toPlainString();
    }

    /** Without an exponent or zeros at the end: 10, 1.1. */
    static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
