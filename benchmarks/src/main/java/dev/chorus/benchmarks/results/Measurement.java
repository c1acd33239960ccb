package dev.chorus.benchmarks.results;

import java.util.Map;
import java.util.OptionalDouble;

/**
 * One benchmark method at one choice of its parameters, over all forks and iterations of a run.
 *
 * @param benchmark  the class's simple name
 * @param method     the method's name
 * @param parameters by name
 * @param p20        20th percentile of the time of a call, in microseconds
 * @param p50        median
 * @param p80        80th percentile
 * @param peakMemory in MB, where it was measured
 */
record Measurement(
        String benchmark,
        String method,
        Map<String, String> parameters,
        double p20,
        double p50,
        double p80,
        OptionalDouble peakMemory) {}
