package dev.chorus.aggregate;

import dev.chorus.math.Argmax;
import java.util.Arrays;

/**
 * A Dirichlet distribution over the class probabilities of one item: a prior plus what the weak labelers said.
 *
 * <pre>{@code
 * alpha_k = prior_k + sum_w weight_w [vote_w = k]      hard votes
 * alpha_k = prior_k + sum_w weight_w y_wk              soft labels
 * p_k     = alpha_k / S,   S = sum_k alpha_k           predictive
 * }</pre>
 *
 * <p>The conjugate posterior of votes that are independent given the item (Gelman et al., Bayesian Data Analysis, 3.4);
 * the counts act as the evidence of Sensoy et al. 2018, arXiv:1806.01768. With a prior of ones {@code alpha - 1} is the
 * evidence. Missing answers add nothing; without any answer the posterior is the prior. Immutable.
 */
public final class DirichletPosterior {

    private static final String NAME = "Dirichlet posterior";

    private final double[] alpha;
    private final double strength;

    private DirichletPosterior(double[] alpha) {
        this.alpha = alpha;
        this.strength = Arrays.stream(alpha).sum();
    }

    /**
     * A distribution with these concentrations, such as a network's evidence plus one.
     *
     * @param alpha [K], K at least 1, each positive and finite; copied
     * @return the distribution
     * @throws IllegalArgumentException if a concentration is out of range or there is none
     */
    public static DirichletPosterior of(double... alpha) {
        requireConcentrations("concentrations", alpha);
        return new DirichletPosterior(alpha.clone());
    }

    /**
     * The same prior concentration for every class; 1 is uniform over all distributions.
     *
     * @param classes       K, at least 1
     * @param concentration positive and finite
     * @return [K]
     * @throws IllegalArgumentException if an argument is out of range
     */
    public static double[] symmetricPrior(int classes, double concentration) {
        if (classes < 1) {
            throw new IllegalArgumentException(NAME + ": expected at least 1 class, got " + classes);
        }
        double[] prior = new double[classes];
        Arrays.fill(prior, concentration);
        requireConcentrations("prior", prior);
        return prior;
    }

    /**
     * Posterior of hard votes, all labelers with weight 1.
     *
     * @param votes [W] label ids in 0 to K - 1, or {@link MajorityVote#MISSING}
     * @param prior [K], each positive and finite
     * @return the posterior
     * @throws IllegalArgumentException if a vote or the prior is out of range
     */
    public static DirichletPosterior fromVotes(int[] votes, double[] prior) {
        return fromVotes(votes, ones(votes.length), prior);
    }

    /**
     * Posterior of weighted hard votes.
     *
     * @param votes   [W] label ids in 0 to K - 1, or {@link MajorityVote#MISSING}
     * @param weights [W], at least 0: the number of votes that a labeler's vote counts for
     * @param prior   [K], each positive and finite
     * @return the posterior
     * @throws IllegalArgumentException if lengths differ, or a vote, a weight or the prior is out of range
     */
    public static DirichletPosterior fromVotes(int[] votes, double[] weights, double[] prior) {
        requireConcentrations("prior", prior);
        HardVotes.check(NAME, votes, prior.length);
        LabelerWeights.requireNonNegative(NAME, weights, votes.length);
        double[] alpha = prior.clone();
        for (int w = 0; w < votes.length; w++) {
            if (votes[w] != MajorityVote.MISSING) {
                alpha[votes[w]] += weights[w];
            }
        }
        return new DirichletPosterior(alpha);
    }

    /**
     * Posterior of soft labels, all labelers with weight 1.
     *
     * @param labels [W][K], rows sum to 1; a null row is a missing answer
     * @param prior  [K], each positive and finite
     * @return the posterior
     * @throws IllegalArgumentException if shapes disagree, a row is no distribution, or the prior is out of range
     */
    public static DirichletPosterior fromSoftLabels(double[][] labels, double[] prior) {
        return fromSoftLabels(labels, ones(labels.length), prior);
    }

    /**
     * Posterior of weighted soft labels; a label split over classes counts as fractions of a vote.
     *
     * @param labels  [W][K], rows sum to 1; a null row is a missing answer
     * @param weights [W], at least 0: the number of votes that a labeler's label counts for
     * @param prior   [K], each positive and finite
     * @return the posterior
     * @throws IllegalArgumentException if shapes disagree, a row is no distribution, or a weight or the prior is out of
     *     range
     */
    public static DirichletPosterior fromSoftLabels(double[][] labels, double[] weights, double[] prior) {
        requireConcentrations("prior", prior);
        SoftLabels.check(NAME, labels, prior.length);
        LabelerWeights.requireNonNegative(NAME, weights, labels.length);
        double[] alpha = prior.clone();
        for (int w = 0; w < labels.length; w++) {
            if (labels[w] != null) {
                for (int k = 0; k < alpha.length; k++) {
                    alpha[k] += weights[w] * labels[w][k];
                }
            }
        }
        return new DirichletPosterior(alpha);
    }

    /** K, the number of classes. */
    public int classes() {
        return alpha.length;
    }

    /** Concentrations [K], each positive; a copy. */
    public double[] alpha() {
        return alpha.clone();
    }

    /** S, the sum of the concentrations; with a prior of ones, K plus the total evidence. */
    public double strength() {
        return strength;
    }

    /** The expected class probabilities [K], alpha / S; a fresh array. */
    public double[] predictive() {
        double[] p = alpha.clone();
        for (int k = 0; k < p.length; k++) {
            p[k] /= strength;
        }
        return p;
    }

    /** The most probable class; the lowest label id on ties. */
    public int label() {
        return Argmax.of(alpha);
    }

    private static double[] ones(int n) {
        double[] ones = new double[n];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static void requireConcentrations(String name, double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException(NAME + ": expected " + name + " of at least 1 class, got none");
        }
        for (int k = 0; k < values.length; k++) {
            if (!(values[k] > 0) || Double.isInfinite(values[k])) {
                throw new IllegalArgumentException(
                        NAME + ": expected positive finite " + name + ", got " + values[k] + " for class " + k);
            }
        }
    }
}
