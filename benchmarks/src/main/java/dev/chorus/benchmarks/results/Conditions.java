package dev.chorus.benchmarks.results;

import dev.chorus.kernels.Instructions;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.Stream;

/**
 * What a run ran on, the same for all of its rows.
 *
 * @param profile  short or full: how long was measured
 * @param isa      instruction set of the kernels' vector loops
 * @param hardware the processor's model
 * @param cores    that the process may use
 * @param libtorch its version
 * @param jdk      the virtual machine's version
 * @param date     when the run's results were written, UTC
 * @param commit   12 hex digits, "-dirty" if files differed from it
 */
record Conditions(
        String profile,
        String isa,
        String hardware,
        int cores,
        String libtorch,
        String jdk,
        String date,
        String commit) {

    /** This machine, now. */
    static Conditions here(String profile, String commit) {
        return new Conditions(
                profile,
                Instructions.current(),
                processor(),
                Runtime.getRuntime().availableProcessors(),
                LibTorch.version(),
                System.getProperty("java.version"),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                commit);
    }

    /** Whether figures of both may stand in one table. */
    boolean sameMachine(Conditions other) {
        return profile.equals(other.profile)
                && isa.equals(other.isa)
                && hardware.equals(other.hardware)
                && cores == other.cores;
    }

    private static String processor() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElseGet(() -> System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }
}
