package dev.chorus.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * A profiler of JMH: how far the process's resident memory rises above what was resident when a measured iteration began,
 * in MB. That is what an op needs beside its inputs and outputs that are kept; what the allocator keeps of an earlier call is
 * resident before, so the figure means something where an op's buffers are so large that the allocator returns them to the
 * system when they are freed (beyond 32 MB with the GNU C library). Linux only; elsewhere there is no figure.
 */
public final class PeakMemory implements InternalProfiler {
    /** The result's name. */
    public static final String LABEL = "peakMemory";

    private static final Path STATUS = Path.of("/proc/self/status");
    /** Writing 5 sets the peak back to what is resident now (proc(5)). */
    private static final Path RESET = Path.of("/proc/self/clear_refs");

    private long before;

    @Override
    public String getDescription() {
        return "Peak resident memory above that at the start of an iteration";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmarkParams, IterationParams iterationParams) {
        try {
            Files.writeString(RESET, "5");
            before = kilobytes("VmRSS");
        } catch (IOException e) {
            before = 0;
        }
    }

    @Override
    @SuppressWarnings("rawtypes") // JMH's own signature
    public Collection<? extends Result> afterIteration(
            BenchmarkParams benchmarkParams, IterationParams iterationParams, IterationResult result) {
        try {
            long peak = kilobytes("VmHWM");
            return before == 0
                    ? List.of()
                    : List.of(new ScalarResult(LABEL, (peak - before) / 1e3, "MB", AggregationPolicy.MAX));
        } catch (IOException e) {
            return List.of();
        }
    }

    /** A line of the process's status; its unit is 1,024 bytes, whatever it is called. */
    private static long kilobytes(String key) throws IOException {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(key + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        }
    }
}
