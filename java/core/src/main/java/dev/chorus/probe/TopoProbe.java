package dev.chorus.probe;

import java.util.ArrayList;
import java.util.List;

/**
 * Trusts the points in the largest strongly connected component of each class's nearest-neighbour graph, and labels others by
 * the mean of their nearest trusted neighbours (EleutherAI/w2s; Wu et al., <i>A Topological Filter for Learning with Label
 * Noise</i>, arXiv:2012.04835).
 *
 * <p>An arrow leads from each point to its k nearest others of the same class; the class is 1 where the label is above 0.5. Of
 * components of the same size the one with the lowest index counts. A class without points has no component.
 */
public final class TopoProbe implements Probe {
    /** Neighbours in the original's experiments, in the graph and in the mean. */
    public static final int DEFAULT_K = 50;

    private static final String NAME = "topological probe";

    private final boolean[] trusted;
    private final double[][] features;
    private final double[] labels;
    private final int[] rows;
    private final int k;

    private TopoProbe(boolean[] trusted, double[][] all, double[] allLabels, int k) {
        this.trusted = trusted;
        List<Integer> inside = new ArrayList<>();
        for (int n = 0; n < trusted.length; n++) {
            if (trusted[n]) {
                inside.add(n);
            }
        }
        rows = inside.stream().mapToInt(Integer::intValue).toArray();
        features = new double[rows.length][];
        labels = new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            features[i] = all[rows[i]];
            labels[i] = allLabels[rows[i]];
        }
        this.k = ProbeRows.requireK(NAME + " (in the components)", k, rows.length);
    }

    /**
     * Finds the components.
     *
     * @param features   [N][D] finite, N above kGraph
     * @param labels     [N] in [0, 1]
     * @param kGraph     arrows of each point
     * @param kNeighbour neighbours whose labels are averaged, at most the number of points in the components
     */
    public static TopoProbe fit(double[][] features, double[] labels, int kGraph, int kNeighbour) {
        ProbeRows.check(NAME, features, labels);
        ProbeRows.requireK(NAME + " (beside each point)", kGraph, features.length - 1);
        int[][] arrows = new int[features.length][];
        for (int n = 0; n < arrows.length; n++) {
            arrows[n] = Neighbours.of(features, features[n], kGraph, n);
        }
        boolean[] trusted = new boolean[features.length];
        for (boolean positive : new boolean[] {false, true}) {
            boolean[] members = new boolean[features.length];
            for (int n = 0; n < members.length; n++) {
                members[n] = labels[n] > 0.5 == positive;
            }
            for (int n : StrongComponents.largest(arrows, members)) {
                trusted[n] = true;
            }
        }
        return new TopoProbe(trusted, features, labels, kNeighbour);
    }

    /** [N] which of the points it was fitted to lie in the components. */
    public boolean[] trusted() {
        return trusted.clone();
    }

    @Override
    public double[] predict(double[][] queries) {
        ProbeRows.checkFeatures(NAME, queries, features[0].length);
        double[] predicted = new double[queries.length];
        for (int n = 0; n < predicted.length; n++) {
            predicted[n] = Neighbours.meanLabel(features, labels, queries[n], k, Neighbours.NONE);
        }
        return predicted;
    }

    /**
     * The points to train on: those outside the components go first; if they are fewer than the share that is to go, then those
     * of the rest whose label is furthest from the mean of their neighbours (without themselves).
     *
     * @param share of all points to drop, 0 to 1
     * @return indices of the points that stay, in order
     */
    public int[] filter(double share) {
        int outside = trusted.length - rows.length;
        int more = Math.max(0, ProbeFilter.count(share, trusted.length, true) - outside);
        double[] means = new double[rows.length];
        int neighbours = Math.min(k, rows.length - 1);
        for (int i = 0; i < rows.length && neighbours > 0; i++) {
            means[i] = Neighbours.meanLabel(features, labels, features[i], neighbours, i);
        }
        int[] kept = ProbeFilter.withoutFurthest(means, labels, Math.min(more, rows.length));
        for (int i = 0; i < kept.length; i++) {
            kept[i] = rows[kept[i]];
        }
        return kept;
    }
}
