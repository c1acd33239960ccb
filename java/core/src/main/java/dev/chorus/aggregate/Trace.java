package dev.chorus.aggregate;

import java.util.Arrays;

/**
 * How a fit went.
 *
 * @param objective what was maximised or watched, such as {@code log-likelihood}; empty without iterations
 * @param values    its value after every iteration
 * @param converged whether it stopped by its tolerance, not by the cap on iterations
 */
public record Trace(String objective, double[] values, boolean converged) {

    /** Of a method without iterations. */
    public static final Trace NONE = new Trace("", new double[0], true);

    /** Copies. */
    public Trace {
        values = values.clone();
    }

    /** A copy. */
    @Override
    public double[] values() {
        return values.clone();
    }

    /** How many there were. */
    public int iterations() {
        return values.length;
    }

    /** The value after the last iteration; NaN without one. */
    public double last() {
        return values.length == 0 ? Double.NaN : values[values.length - 1];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Trace that
                && objective.equals(that.objective)
                && converged == that.converged
                && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return objective.hashCode() * 31 + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return iterations() + " iterations, " + (converged ? "converged" : "stopped at the cap")
                + (objective.isEmpty() ? "" : ", " + objective + " " + last());
    }
}
