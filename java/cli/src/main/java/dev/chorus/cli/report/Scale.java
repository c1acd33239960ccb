package dev.chorus.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A linear axis: from values to a position between {@code from} and {@code to} (per cent or user units).
 *
 * @param low  value at {@code from}
 * @param high value at {@code to}, greater than {@code low}
 */
record Scale(double low, double high, double from, double to) {
    Scale {
        if (!(high > low)) {
            throw new IllegalArgumentException("an axis from " + low + " to " + high + " has no extent");
        }
    }

    /** The position of {@code value}, held inside the axis. */
    double at(double value) {
        double share = (value - low) / (high - low);
        return from + (to - from) * Math.max(0, Math.min(1, share));
    }

    /** The position in per cent, as an SVG attribute. */
    String percent(double value) {
        return String.format(Locale.ROOT, "%.2f%%", at(value));
    }

    /** Whether {@code value} lies on the axis. */
    boolean holds(double value) {
        return value >= low && value <= high;
    }

    /** Three to six round values on the axis. */
    List<Double> ticks() {
        double step = niceStep((high - low) / 5);
        List<Double> ticks = new ArrayList<>();
        for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
            ticks.add(i * step);
        }
        return ticks;
    }

    /** Digits after the point that tell the ticks apart. */
    int digits() {
        return Math.max(0, (int) -Math.floor(Math.log10(niceStep((high - low) / 5)) + 1e-9));
    }

    /** An axis that holds both values with some air, ending on round numbers. */
    static Scale around(double low, double high, double from, double to) {
        double extent = Math.max(high - low, 1e-3);
        double step = niceStep(extent / 5) / 2;
        double start = Math.floor((low - extent * 0.04) / step) * step;
        double end = Math.ceil((high + extent * 0.04) / step) * step;
        return new Scale(start, end, from, to);
    }

    /** The smallest of 1, 2, 5 times a power of ten that is not below {@code raw}. */
    private static double niceStep(double raw) {
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        for (double factor : new double[] {1, 2, 5}) {
            if (factor * power >= raw * (1 - 1e-9)) {
                return factor * power;
            }
        }
        return 10 * power;
    }
}
