package dev.chorus.aggregate;

/**
 * The two ends of an interval.
 *
 * @param low  lower end
 * @param high upper end
 */
public record Interval(double low, double high) {}
