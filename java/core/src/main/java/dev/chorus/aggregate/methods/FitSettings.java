package dev.chorus.aggregate.methods;

/**
 * What all iterative methods have in common.
 *
 * @param iterations cap, at least 1
 * @param tolerance  a fit stops when its objective a vote grows by less than this; 0 runs to the cap
 * @param seed       of whatever is drawn
 * @param threads    at least 1; the result does not depend on it
 */
public record FitSettings(int iterations, double tolerance, long seed, int threads) {

    /** Checks the ranges. */
    public FitSettings {
        if (iterations < 1) {
            throw new IllegalArgumentException("iterations: expected 1 or more, got " + iterations);
        }
        if (!(tolerance >= 0) || Double.isInfinite(tolerance)) {
            throw new IllegalArgumentException("tolerance: expected 0 or more, got " + tolerance);
        }
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected 1 or more, got " + threads);
        }
    }

    /** 100 iterations, tolerance 1e-5, seed 0, a thread for each processor. */
    public static FitSettings defaults() {
        return new FitSettings(100, 1e-5, 0, Runtime.getRuntime().availableProcessors());
    }

    /** With another cap. */
    public FitSettings withIterations(int value) {
        return new FitSettings(value, tolerance, seed, threads);
    }

    /** With another tolerance. */
    public FitSettings withTolerance(double value) {
        return new FitSettings(iterations, value, seed, threads);
    }

    /** With another seed. */
    public FitSettings withSeed(long value) {
        return new FitSettings(iterations, tolerance, value, threads);
    }

    /** With other threads. */
    public FitSettings withThreads(int value) {
        return new FitSettings(iterations, tolerance, seed, value);
    }
}
