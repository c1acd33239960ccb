package dev.chorus.benchmarks.results;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * What an op is meant to reach, decided before it was measured.
 *
 * @param op          as in {@link Row}
 * @param direction   as in {@link Row}
 * @param shape       as in {@link Row}
 * @param timesFaster at least, than LibTorch's composition
 * @param timesFloor  at most
 */
record Target(String op, String direction, String shape, OptionalDouble timesFaster, OptionalDouble timesFloor) {

    /** All of them, in f32. */
    static final List<Target> ALL = List.of(
            new Target("token_logprob", "forward", "512x32000", OptionalDouble.of(10), OptionalDouble.of(1.8)),
            faster("token_logprob", "backward", "512x32000", 5),
            faster("ensemble_logprob", "forward", "5x512x32000", 10),
            new Target(
                    "linear_logprob",
                    "forwardBackward",
                    "4096x1024x32000",
                    OptionalDouble.empty(),
                    OptionalDouble.of(1.10)),
            faster("evidential", "forwardBackward", "65536x5x18", 20),
            faster("preference sigmoid", "forwardBackward", "4096", 10));

    private static Target faster(String op, String direction, String shape, double times) {
        return new Target(op, direction, shape, OptionalDouble.of(times), OptionalDouble.empty());
    }

    /** What is asked of a row, and whether it is there; empty if nothing is. */
    static String verdict(Row row, ResultsTable table) {
        return ALL.stream()
                .filter(target -> target.isOf(row))
                .flatMap(target -> Stream.of(
                        atLeast("≥ %s× faster: %s", table.timesFaster(row), target.timesFaster),
                        atMost("≤ %s× the floor: %s", table.timesTheFloor(row), target.timesFloor)))
                .filter(text -> !text.isEmpty())
                .reduce((a, b) -> a + "; " + b)
                .orElse("");
    }

    /** Whether it is about that row. */
    boolean isOf(Row row) {
        return op.equals(row.op())
                && direction.equals(row.direction())
                && shape.equals(row.shape())
                && row.dtype().equals("f32");
    }

    private static String atLeast(String text, OptionalDouble value, OptionalDouble bound) {
        return bound.isEmpty()
                ? ""
                : text(text, bound, value, value.isPresent() && value.getAsDouble() >= bound.getAsDouble());
    }

    private static String atMost(String text, OptionalDouble value, OptionalDouble bound) {
        return bound.isEmpty()
                ? ""
                : text(text, bound, value, value.isPresent() && value.getAsDouble() <= bound.getAsDouble());
    }

    private static String text(String text, OptionalDouble bound, OptionalDouble value, boolean reached) {
        String verdict = value.isEmpty() ? "not measured" : reached ? "reached" : "missed";
        return String.format(Locale.ROOT, text, SpeedTable.plain(bound.getAsDouble()), verdict);
    }
}
