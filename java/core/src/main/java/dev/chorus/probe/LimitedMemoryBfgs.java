package dev.chorus.probe;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;

/**
 * Minimises a smooth convex function by L-BFGS with backtracking (Nocedal and Wright, <i>Numerical Optimization</i>, algorithms
 * 7.4 and 3.1).
 */
final class LimitedMemoryBfgs {
    private static final int HISTORY = 10;

    /** Of the decrease that the slope promises, a step must bring this much (Armijo). */
    private static final double SUFFICIENT = 1e-4;

    private static final int MAX_HALVINGS = 60;

    private LimitedMemoryBfgs() {}

    /** A function with its gradient. */
    @FunctionalInterface
    interface Function {
        /** The value at x; the gradient is written into the second array. */
        double at(double[] x, double[] gradient);
    }

    private record Correction(double[] step, double[] change, double rho) {}

    /**
     * The minimum, from a start.
     *
     * @param start         not modified
     * @param tolerance     largest entry of the gradient at which it stops
     * @param maxIterations after which it stops
     * @return where it stopped; where no step lowers the value any more (rounding) it stops too
     */
    static double[] minimise(Function function, double[] start, double tolerance, int maxIterations) {
        double[] x = start.clone();
        double[] gradient = new double[x.length];
        double value = function.at(x, gradient);
        Deque<Correction> corrections = new ArrayDeque<>();
        for (int iteration = 0; iteration < maxIterations && largest(gradient) > tolerance; iteration++) {
            double[] direction = direction(gradient, corrections);
            double slope = dot(gradient, direction);
            double[] next = new double[x.length];
            double[] nextGradient = new double[x.length];
            double rate = corrections.isEmpty() ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
            double nextValue = Double.POSITIVE_INFINITY;
            int halvings = 0;
            for (; halvings < MAX_HALVINGS; halvings++, rate /= 2) {
                for (int i = 0; i < x.length; i++) {
                    next[i] = x[i] + rate * direction[i];
                }
                nextValue = function.at(next, nextGradient);
                if (nextValue <= value + SUFFICIENT * rate * slope) {
                    break;
                }
            }
            if (halvings == MAX_HALVINGS) {
                return x;
            }
            remember(corrections, x, next, gradient, nextGradient);
            x = next;
            gradient = nextGradient;
            value = nextValue;
        }
        return x;
    }

    /** Minus the approximate inverse Hessian times the gradient, by the two loops. */
    private static double[] direction(double[] gradient, Deque<Correction> corrections) {
        double[] q = Arrays.stream(gradient).map(g -> -g).toArray();
        double[] alphas = new double[corrections.size()];
        int i = 0;
        for (Correction each : corrections) {
            alphas[i] = each.rho * dot(each.step, q);
            add(q, -alphas[i], each.change);
            i++;
        }
        if (!corrections.isEmpty()) {
            Correction newest = corrections.getFirst();
            double scale = 1 / (newest.rho * dot(newest.change, newest.change));
            for (int d = 0; d < q.length; d++) {
                q[d] *= scale;
            }
        }
        Iterator<Correction> oldestFirst = corrections.descendingIterator();
        while (oldestFirst.hasNext()) {
            Correction each = oldestFirst.next();
            i--;
            add(q, alphas[i] - each.rho * dot(each.change, q), each.step);
        }
        return q;
    }

    /** Newest first. A pair without curvature is left out, so that the approximation stays positive. */
    private static void remember(
            Deque<Correction> corrections, double[] x, double[] next, double[] gradient, double[] nextGradient) {
        double[] step = difference(next, x);
        double[] change = difference(nextGradient, gradient);
        double curvature = dot(step, change);
        if (curvature > 1e-14 * dot(change, change)) {
            corrections.addFirst(new Correction(step, change, 1 / curvature));
            if (corrections.size() > HISTORY) {
                corrections.removeLast();
            }
        }
    }

    private static double[] difference(double[] a, double[] b) {
        double[] out = new double[a.length];
        Arrays.setAll(out, i -> a[i] - b[i]);
        return out;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void add(double[] to, double factor, double[] values) {
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * values[i];
        }
    }

    private static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }
}
