package dev.chorus.aggregate.methods;

/**
 * Minimises a smooth function by nonlinear conjugate gradients (Polak and Ribiere, restarted where the direction does not
 * descend) with a line search under the strong Wolfe conditions. Nocedal and Wright, Numerical Optimization, 2nd edition,
 * algorithms 5.4, 3.5 and 3.6.
 */
public final class ConjugateGradient {

    private static final double SUFFICIENT = 1e-4;
    private static final double CURVATURE = 0.1;
    private static final int SEARCH_STEPS = 40;

    private ConjugateGradient() {}

    /** A function with its gradient. */
    @FunctionalInterface
    public interface Function {
        /** The value at {@code x}; {@code gradient} is overwritten. */
        double at(double[] x, double[] gradient);
    }

    /**
     * How it ended.
     *
     * @param value      at the point reached
     * @param iterations directions tried
     * @param converged  whether the gradient's largest entry is within the tolerance, or the function cannot be made smaller
     */
    public record Result(double value, int iterations, boolean converged) {}

    /**
     * Minimises in place.
     *
     * @param x          where to begin; the point reached afterwards
     * @param iterations cap
     * @param tolerance  on the largest entry of the gradient
     */
    public static Result minimize(Function function, double[] x, int iterations, double tolerance) {
        int n = x.length;
        double[] gradient = new double[n];
        double value = function.at(x, gradient);
        double[] direction = new double[n];
        for (int i = 0; i < n; i++) {
            direction[i] = -gradient[i];
        }
        double step = 1 / Math.max(1, Math.sqrt(dot(gradient, gradient)));
        for (int iteration = 0; iteration < iterations; iteration++) {
            if (largest(gradient) <= tolerance) {
                return new Result(value, iteration, true);
            }
            double slope = dot(gradient, direction);
            if (!(slope < 0)) {
                for (int i = 0; i < n; i++) {
                    direction[i] = -gradient[i];
                }
                slope = dot(gradient, direction);
            }
            LineSearch search = new LineSearch(function, x, direction, value, slope);
            double length = search.run(step);
            if (length == 0) {
                return new Result(value, iteration, true);
            }
            double[] next = search.gradient;
            double beta = 0;
            double norm = 0;
            for (int i = 0; i < n; i++) {
                x[i] += length * direction[i];
                beta += next[i] * (next[i] - gradient[i]);
                norm += gradient[i] * gradient[i];
            }
            beta = Math.max(0, beta / norm);
            value = search.value;
            for (int i = 0; i < n; i++) {
                direction[i] = beta * direction[i] - next[i];
            }
            gradient = next;
            double steeper = dot(gradient, direction);
            step = steeper < 0 ? Math.min(1e3, Math.max(1e-12, length * slope / steeper)) : length;
        }
        return new Result(value, iterations, largest(gradient) <= tolerance);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double largest(double[] a) {
        double most = 0;
        for (double value : a) {
            most = Math.max(most, Math.abs(value));
        }
        return most;
    }

    /** One line search; afterwards value and gradient at the length that it chose. */
    private static final class LineSearch {
        private final Function function;
        private final double[] from;
        private final double[] direction;
        private final double value0;
        private final double slope0;
        private final double[] point;
        private double[] gradient;
        private double value;
        private double slope;

        LineSearch(Function function, double[] from, double[] direction, double value0, double slope0) {
            this.function = function;
            this.from = from;
            this.direction = direction;
            this.value0 = value0;
            this.slope0 = slope0;
            this.point = new double[from.length];
            this.gradient = new double[from.length];
        }

        private void look(double length) {
            for (int i = 0; i < point.length; i++) {
                point[i] = from[i] + length * direction[i];
            }
            value = function.at(point, gradient);
            slope = dot(gradient, direction);
            if (!Double.isFinite(value)) {
                value = Double.POSITIVE_INFINITY;
            }
        }

        private boolean tooHigh(double length) {
            return value > value0 + SUFFICIENT * length * slope0;
        }

        /** The length chosen; 0 if no point along the direction is lower. */
        double run(double first) {
            double low = 0;
            double lowValue = value0;
            double length = first;
            for (int i = 0; i < SEARCH_STEPS; i++) {
                look(length);
                if (tooHigh(length) || (i > 0 && value >= lowValue)) {
                    return zoom(low, lowValue, length);
                }
                if (Math.abs(slope) <= -CURVATURE * slope0) {
                    return length;
                }
                if (slope >= 0) {
                    return zoom(length, value, low);
                }
                low = length;
                lowValue = value;
                length *= 2;
            }
            return low == length ? 0 : finish(low);
        }

        private double zoom(double lowAt, double lowHas, double highAt) {
            double low = lowAt;
            double lowValue = lowHas;
            double high = highAt;
            for (int i = 0; i < SEARCH_STEPS; i++) {
                double middle = (low + high) / 2;
                look(middle);
                if (tooHigh(middle) || value >= lowValue) {
                    high = middle;
                } else {
                    if (Math.abs(slope) <= -CURVATURE * slope0) {
                        return middle;
                    }
                    if (slope * (high - low) >= 0) {
                        high = low;
                    }
                    low = middle;
                    lowValue = value;
                }
            }
            return low == 0 ? 0 : finish(low);
        }

        /** The best that was found, though its slope is not flat: rounding leaves no better. */
        private double finish(double length) {
            look(length);
            return value < value0 ? length : 0;
        }
    }
}
