package dev.chorus.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ProbeTest {
    private static final int POINTS = 200;

    /** Two clouds of points. */
    private static double[][] clouds(Random random) {
        double[][] features = new double[POINTS][3];
        for (int n = 0; n < POINTS; n++) {
            int row = n;
            Arrays.setAll(features[n], d -> random.nextGaussian() + (row % 2 == 0 ? -2 : 2));
        }
        return features;
    }

    /** Their true classes, with every tenth label wrong. */
    private static double[] noisyLabels() {
        double[] labels = new double[POINTS];
        Arrays.setAll(labels, n -> (n % 2 == 1) == (n % 20 < 2) ? .2 : .9);
        return labels;
    }

    private static boolean wrong(int n) {
        return n % 20 < 2;
    }

    @Test
    void nearestByHand() {
        double[][] points = {{0}, {1}, {3}, {3}, {10}};
        assertThat(Neighbours.of(points, new double[] {2.5}, 3, Neighbours.NONE))
                .containsExactly(2, 3, 1);
        assertThat(Neighbours.of(points, new double[] {3}, 2, 2)).containsExactly(3, 1);
        KnnProbe probe = KnnProbe.fit(points, new double[] {0, .5, 1, .5, 0}, 2);
        assertThat(probe.predict(new double[][] {{2.9}, {0.1}})).containsExactly(.75, .25);
    }

    @Test
    void nearestEqualsASort() {
        Random random = new Random(4);
        double[][] points = clouds(random);
        double[] query = {.3, -.1, .7};
        Integer[] sorted = new Integer[POINTS];
        Arrays.setAll(sorted, n -> n);
        Arrays.sort(sorted, (a, b) -> Double.compare(distance(points[a], query), distance(points[b], query)));
        int[] nearest = Neighbours.of(points, query, 17, Neighbours.NONE);
        for (int i = 0; i < nearest.length; i++) {
            assertThat(nearest[i]).isEqualTo(sorted[i]);
        }
    }

    private static double distance(double[] a, double[] b) {
        double sum = 0;
        for (int d = 0; d < a.length; d++) {
            sum += (a[d] - b[d]) * (a[d] - b[d]);
        }
        return sum;
    }

    /** At the minimum the gradient is 0, and it is the gradient that differences give. */
    @Test
    void logisticIsAtItsMinimum() {
        double[][] features = clouds(new Random(5));
        double[] labels = noisyLabels();
        for (double l2 : new double[] {1e-3, .1}) {
            double[] w = LogisticProbe.fit(features, labels, l2).weights();
            double[] gradient = new double[4];
            double least = LogisticProbe.objective(features, labels, l2, w, gradient);
            assertThat(gradient).containsExactly(new double[4], within(2e-9));
            Random random = new Random(6);
            for (int i = 0; i < 20; i++) {
                double[] other = w.clone();
                other[i % 4] += random.nextGaussian() * .1;
                assertThat(LogisticProbe.objective(features, labels, l2, other, new double[4]))
                        .isGreaterThan(least);
            }
            double[] elsewhere = {.3, -.2, .5, .1};
            LogisticProbe.objective(features, labels, l2, elsewhere, gradient);
            for (int d = 0; d < 4; d++) {
                double[] above = elsewhere.clone();
                above[d] += 1e-5;
                double[] below = elsewhere.clone();
                below[d] -= 1e-5;
                double slope = (LogisticProbe.objective(features, labels, l2, above, new double[4])
                                - LogisticProbe.objective(features, labels, l2, below, new double[4]))
                        / 2e-5;
                assertThat(gradient[d]).isCloseTo(slope, within(1e-9));
            }
        }
    }

    /** Newton's method on one feature without a bias's help: both ends agree. */
    @Test
    void logisticOfTwoPointsByHand() {
        // Symmetric points: the bias is 0, and w solves sigma(w) = .9 - 2 l2 w.
        double l2 = .05;
        LogisticProbe probe = LogisticProbe.fit(new double[][] {{1}, {-1}}, new double[] {.9, .1}, l2);
        double w = 0;
        for (int i = 0; i < 50; i++) {
            double s = 1 / (1 + Math.exp(-w));
            w -= (s - .9 + 2 * l2 * w) / (s * (1 - s) + 2 * l2);
        }
        assertThat(probe.weights()).containsExactly(new double[] {w, 0}, within(1e-8));
        assertThat(probe.predict(new double[][] {{1}})[0]).isCloseTo(.9 - 2 * l2 * w, within(1e-8));
    }

    @Test
    void badLabelsAreFound() {
        double[][] features = clouds(new Random(7));
        double[] labels = noisyLabels();
        for (Probe probe : new Probe[] {
            KnnProbe.fit(features, labels, 15),
            LogisticProbe.fit(features, labels, LogisticProbe.DEFAULT_L2),
            TopoProbe.fit(features, labels, 10, 15)
        }) {
            double[] predicted = probe.predict(features);
            int[] kept = ProbeFilter.keep(predicted, labels, ProbeFilter.DEFAULT_SHARE);
            assertThat(kept).hasSize(180).isSorted();
            assertThat(Arrays.stream(kept).filter(ProbeTest::wrong).count()).isLessThanOrEqualTo(2);
            int right = 0;
            for (int n = 0; n < POINTS; n++) {
                right += predicted[n] > .5 == (n % 2 == 1) ? 1 : 0;
            }
            assertThat(right).isGreaterThan(190);
        }
    }

    @Test
    void topologicalFilterDropsTheOutsideFirst() {
        double[][] features = clouds(new Random(8));
        double[] labels = noisyLabels();
        TopoProbe probe = TopoProbe.fit(features, labels, 10, 15);
        boolean[] trusted = probe.trusted();
        int outside = 0;
        for (int n = 0; n < POINTS; n++) {
            outside += trusted[n] ? 0 : 1;
        }
        assertThat(outside).isGreaterThan(0);
        // Nothing inside is dropped while the outside is enough.
        assertThat(probe.filter(0)).hasSize(POINTS - outside);
        int[] half = probe.filter(.5);
        assertThat(half).hasSize(100).isSorted();
        assertThat(Arrays.stream(half).allMatch(n -> trusted[n])).isTrue();
        assertThat(Arrays.stream(half).noneMatch(ProbeTest::wrong)).isTrue();
    }

    @Test
    void componentsByHand() {
        // 0 -> 1 -> 2 -> 0, 2 -> 3, 3 <-> 4, 5 alone.
        int[][] arrows = {{1}, {2}, {0, 3}, {4}, {3}, {0}};
        boolean[] all = {true, true, true, true, true, true};
        assertThat(StrongComponents.largest(arrows, all)).containsExactly(0, 1, 2);
        boolean[] without = {true, false, true, true, true, true};
        assertThat(StrongComponents.largest(arrows, without)).containsExactly(3, 4);
        assertThat(StrongComponents.largest(arrows, new boolean[6])).isEmpty();
        // A chain as deep as it is long.
        int[][] ring = new int[100_000][];
        boolean[] members = new boolean[ring.length];
        for (int n = 0; n < ring.length; n++) {
            ring[n] = new int[] {(n + 1) % ring.length};
            members[n] = true;
        }
        assertThat(StrongComponents.largest(ring, members)).hasSize(ring.length);
    }

    @Test
    void badInput() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KnnProbe.fit(new double[][] {{1}, {2}}, new double[] {0, 1}, 50))
                .withMessageContaining("k from 1 to the 2 points there are, got 50");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KnnProbe.fit(new double[][] {{1}, {2, 3}}, new double[] {0, 1}, 1))
                .withMessageContaining("1 features, got 2 of point 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LogisticProbe.fit(new double[][] {{1}}, new double[] {2}, 1e-3))
                .withMessageContaining("[0, 1], got 2.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProbeFilter.keep(new double[1], new double[1], 2))
                .withMessageContaining("got 2.0");
    }
}
