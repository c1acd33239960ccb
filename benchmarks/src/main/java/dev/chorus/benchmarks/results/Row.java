package dev.chorus.benchmarks.results;

import dev.chorus.benchmarks.Work;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * One line of the results.
 *
 * @param op        such as token_logprob; other parameters than shape, dtype and threads follow it, as in "preference ipo"
 * @param provider  who computed
 * @param direction forward, backward or forwardBackward
 * @param shape     sizes with an x between
 * @param dtype     of the op's main input; f32 where there is no choice
 * @param threads   of LibTorch, its BLAS and ours
 * @param p20       20th percentile of the time of a call, in microseconds
 * @param p50       median
 * @param p80       80th percentile
 * @param rate      of the op's {@link Work} at the median, in {@code unit}
 * @param unit      GB/s or GFLOP/s; empty without a rate
 * @param peak      resident memory above that before, in MB
 * @param under     what it was measured on
 */
record Row(
        String op,
        Provider provider,
        String direction,
        String shape,
        String dtype,
        int threads,
        double p20,
        double p50,
        double p80,
        OptionalDouble rate,
        String unit,
        OptionalDouble peak,
        Conditions under) {

    /** A measurement as a row. */
    static Row of(Measurement measurement, Conditions conditions) {
        MeasuredOp op = MeasuredOp.ofBenchmark(measurement.benchmark());
        Map<String, String> parameters = measurement.parameters();
        String variants = parameters.entrySet().stream()
                .filter(p -> !p.getKey().matches("shape|dtype|threads"))
                .map(p -> " " + p.getValue())
                .collect(Collectors.joining());
        Provider provider = Provider.ofMethod(measurement.method());
        String direction = provider.direction(measurement.method());
        String shape = parameters.getOrDefault("shape", "");
        String dtype = parameters.getOrDefault("dtype", "f32");
        Optional<Work> work = op.workOf().of(direction, shape, dtype);
        return new Row(
                op.text() + variants,
                provider,
                direction,
                shape,
                dtype,
                Integer.parseInt(parameters.getOrDefault("threads", "1")),
                measurement.p20(),
                measurement.p50(),
                measurement.p80(),
                work.map(w -> OptionalDouble.of(w.rate(measurement.p50()))).orElseGet(OptionalDouble::empty),
                work.map(w -> w.unit().text()).orElse(""),
                measurement.peakMemory(),
                conditions);
    }

    /** Whether the other is the same measurement, perhaps of another run on this machine. */
    boolean sameMeasurement(Row other) {
        return provider == other.provider && sameProblem(other) && under.sameMachine(other.under);
    }

    /** Whether the other is the same problem, perhaps of another provider or machine. */
    boolean sameProblem(Row other) {
        return op.equals(other.op)
                && direction.equals(other.direction)
                && shape.equals(other.shape)
                && dtype.equals(other.dtype)
                && threads == other.threads;
    }

    /** Whether both come from one run: only those are divided by each other. */
    boolean sameRun(Row other) {
        return Objects.equals(under, other.under);
    }
}
