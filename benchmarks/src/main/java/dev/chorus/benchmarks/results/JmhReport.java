package dev.chorus.benchmarks.results;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.benchmarks.PeakMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads the JSON that JMH writes. Times are sampled: every call that was timed counts once. */
final class JmhReport {
    private JmhReport() {}

    static List<Measurement> read(Path file) throws IOException {
        List<Measurement> measurements = new ArrayList<>();
        for (JsonNode entry : new ObjectMapper().readTree(file.toFile())) {
            measurements.add(measurement(entry));
        }
        return measurements;
    }

    private static Measurement measurement(JsonNode entry) {
        String name = entry.required("benchmark").asText();
        if (!entry.required("mode").asText().equals("sample")) {
            throw new IllegalArgumentException(name + ": expected mode sample, got "
                    + entry.required("mode").asText());
        }
        int dot = name.lastIndexOf('.');
        String type = name.substring(name.lastIndexOf('.', dot - 1) + 1, dot);
        Map<String, String> parameters = new TreeMap<>();
        entry.path("params")
                .properties()
                .forEach(p -> parameters.put(p.getKey(), p.getValue().asText()));

        JsonNode primary = entry.required("primaryMetric");
        double micros = micros(primary.required("scoreUnit").asText());
        SortedMap<Double, Long> histogram = histogram(primary.required("rawDataHistogram"));
        return new Measurement(
                type,
                name.substring(dot + 1),
                parameters,
                micros * percentile(histogram, 0.2),
                micros * percentile(histogram, 0.5),
                micros * percentile(histogram, 0.8),
                peakMemory(entry.path("secondaryMetrics")));
    }

    /** Microseconds in one unit of a score. */
    private static double micros(String unit) {
        return switch (unit) {
            case "ns/op" -> 1e-3;
            case "us/op" -> 1;
            case "ms/op" -> 1e3;
            case "s/op" -> 1e6;
            default ->
                throw new IllegalArgumentException("scoreUnit: expected ns/op, us/op, ms/op or s/op, got " + unit);
        };
    }

    /** How many calls took how long: lists of [time, count], one list an iteration, in a list a fork. */
    private static SortedMap<Double, Long> histogram(JsonNode forks) {
        SortedMap<Double, Long> histogram = new TreeMap<>();
        for (JsonNode fork : forks) {
            for (JsonNode iteration : fork) {
                for (JsonNode bin : iteration) {
                    histogram.merge(bin.required(0).asDouble(), bin.required(1).asLong(), Long::sum);
                }
            }
        }
        return histogram;
    }

    /** The least time that at least this share of the calls did not exceed. */
    private static double percentile(SortedMap<Double, Long> histogram, double share) {
        long calls = histogram.values().stream().mapToLong(Long::longValue).sum();
        long seen = 0;
        for (Map.Entry<Double, Long> bin : histogram.entrySet()) {
            seen += bin.getValue();
            if (seen >= share * calls) {
                return bin.getKey();
            }
        }
        throw new IllegalArgumentException("rawDataHistogram: expected at least one call, got none");
    }

    private static OptionalDouble peakMemory(JsonNode metrics) {
        JsonNode score = metrics.path(PeakMemory.LABEL).path("score");
        return score.isNumber() ? OptionalDouble.of(score.asDouble()) : OptionalDouble.empty();
    }
}
