package dev.chorus.benchmarks;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Aggregators;
import dev.chorus.aggregate.votes.ReadSettings;
import dev.chorus.aggregate.votes.VoteFiles;
import dev.chorus.aggregate.votes.Votes;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Aggregation of many votes. Votes are simulated: labelers of accuracies from .5 to .95, each on tasks drawn at random, ten
 * votes a task where numbers divide so. Prints one line a work, with wall-clock seconds and seconds of processor time, medians of
 * the repeats; on a machine that others use as well the second says more.
 *
 * <pre>
 * write FILE  VOTES TASKS WORKERS CLASSES                                      a CSV of simulated votes
 * fit  METHOD VOTES TASKS WORKERS CLASSES REPEATS [key=value ...]              in memory, reading not counted
 * file METHOD FILE                        REPEATS [key=value ...]              from a file to labels
 * </pre>
 */
public final class AggregationSpeed {

    private AggregationSpeed() {}

    /** Runs one of the works. */
    public static void main(String[] arguments) throws IOException {
        switch (arguments.length < 4 ? "" : arguments[0]) {
            case "write" -> write(Path.of(arguments[1]), numbers(arguments, 2));
            case "fit" ->
                fit(arguments[1], numbers(arguments, 2), Integer.parseInt(arguments[6]), settings(arguments, 7));
            case "file" ->
                file(arguments[1], Path.of(arguments[2]), Integer.parseInt(arguments[3]), settings(arguments, 4));
            default -> throw new IllegalArgumentException("expected write, fit or file with their arguments");
        }
    }

    private static int[] numbers(String[] arguments, int from) {
        return Arrays.stream(arguments, from, from + 4)
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    private static Map<String, String> settings(String[] arguments, int from) {
        Map<String, String> settings = new LinkedHashMap<>();
        for (int i = from; i < arguments.length; i++) {
            String[] pair = arguments[i].split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        return settings;
    }

    /** Takes simulated votes. */
    private interface Sink {
        void vote(int task, int worker, int label) throws IOException;
    }

    /** Votes, tasks, workers, classes. */
    private static void simulate(int[] size, Sink sink) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        int votes = size[0];
        int tasks = size[1];
        int workers = size[2];
        int classes = size[3];
        int left = votes;
        for (int t = 0; t < tasks; t++) {
            int here = left / (tasks - t);
            left -= here;
            int truth = random.nextInt(classes);
            int first = random.nextInt(workers);
            // Steps that share no factor with the number of workers: nobody votes twice.
            int step = 1 + 2 * random.nextInt(Math.max(1, workers / 20));
            while (gcd(step, workers) > 1) {
                step += 2;
            }
            for (int i = 0; i < here; i++) {
                int worker = (int) ((first + (long) i * step) % workers);
                double accuracy = .5 + .45 * worker / workers;
                sink.vote(t, worker, random.nextDouble() < accuracy ? truth : random.nextInt(classes));
            }
        }
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    private static void write(Path file, int[] size) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write("task,worker,label\n".getBytes(StandardCharsets.UTF_8));
            simulate(
                    size,
                    (task, worker, label) -> out.write(
                            ("t" + task + ",w" + worker + ",c" + label + "\n").getBytes(StandardCharsets.UTF_8)));
        }
    }

    private static Votes votes(int[] size) throws IOException {
        int[] task = new int[size[0]];
        int[] worker = new int[size[0]];
        int[] label = new int[size[0]];
        int[] n = {0};
        simulate(size, (t, w, y) -> {
            task[n[0]] = t;
            worker[n[0]] = w;
            label[n[0]++] = y;
        });
        return Votes.of(size[1], size[2], size[3], task, worker, label);
    }

    private static void fit(String method, int[] size, int repeats, Map<String, String> settings) throws IOException {
        Votes votes = votes(size);
        double[] wall = new double[repeats];
        double[] processor = new double[repeats];
        Aggregation result = null;
        // The first is for the compiler.
        for (int r = -1; r < repeats; r++) {
            long start = System.nanoTime();
            long used = processorTime();
            result = Aggregators.standard().make(method, settings).fit(votes);
            if (r >= 0) {
                wall[r] = (System.nanoTime() - start) / 1e9;
                processor[r] = (processorTime() - used) / 1e9;
            }
        }
        print(String.format(
                Locale.ROOT,
                "fit %s votes %d tasks %d workers %d classes %d iterations %d: wall %.3f s, processor %.3f s, peak %d MB",
                method,
                size[0],
                size[1],
                size[2],
                size[3],
                result.trace().iterations(),
                median(wall),
                median(processor),
                peakMegabytes()));
    }

    private static void file(String method, Path file, int repeats, Map<String, String> settings) throws IOException {
        double[] reading = new double[repeats];
        double[] readingProcessor = new double[repeats];
        double[] all = new double[repeats];
        double[] allProcessor = new double[repeats];
        int iterations = 0;
        int size = 0;
        for (int r = 0; r < repeats; r++) {
            long start = System.nanoTime();
            long used = processorTime();
            Votes votes = VoteFiles.read(file, ReadSettings.defaults()).votes();
            reading[r] = (System.nanoTime() - start) / 1e9;
            readingProcessor[r] = (processorTime() - used) / 1e9;
            Aggregation result = Aggregators.standard().make(method, settings).fit(votes);
            size = result.labels().length;
            iterations = result.trace().iterations();
            all[r] = (System.nanoTime() - start) / 1e9;
            allProcessor[r] = (processorTime() - used) / 1e9;
        }
        double megabytes = Files.size(file) / 1e6;
        print(String.format(
                Locale.ROOT,
                "file %s %.0f MB, %d labels: reading %.2f s (%.0f MB/s), processor %.2f s (%.0f MB/s); "
                        + "to labels, %d iterations: %.2f s, processor %.2f s; peak %d MB",
                method,
                megabytes,
                size,
                median(reading),
                megabytes / median(reading),
                median(readingProcessor),
                megabytes / median(readingProcessor),
                iterations,
                median(all),
                median(allProcessor),
                peakMegabytes()));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static long processorTime() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    /** The most memory that the process ever held, from the system's books. */
    private static long peakMegabytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return -1;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024)
                .findFirst()
                .orElse(-1);
    }

    private static void print(String line) {
        System.out.println(line);
    }
}
