package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;

/**
 * Which preference loss, with its numbers. Numbers that a kind does not have are 0.
 *
 * @param kind       the loss
 * @param beta       strength of the tie to the reference, finite and above 0
 * @param epsilon    probability that a pair's labels are swapped, for the kinds that name it
 * @param parameter  delta of BCO, tau of DiscoPOP
 * @param divergence ties the policy to the reference; AOT and APO-zero are defined for reverse KL alone
 * @param alpha      of the alpha-divergence, finite
 */
public record PreferenceSpec(
        Kind kind, double beta, double epsilon, double parameter, Divergence divergence, double alpha) {

    /** The losses; sp(x) = ln(1 + e^x), sigma is the logistic function, n are lengths in tokens. */
    public enum Kind {
        /**
         * {@code sp(-x) + epsilon x}, epsilon in [0, 1]: DPO, Rafailov et al., arXiv:2305.18290, Eq. 7; with epsilon above 0
         * conservative DPO ("A note on DPO with noisy preferences" by Eric Mitchell), which equals
         * {@code -(1 - epsilon) ln sigma(x) - epsilon ln sigma(-x)} and is stationary at the finite margin
         * {@code ln((1 - epsilon) / epsilon)}.
         */
        SIGMOID(ChorusNative.CHORUS_PREFERENCE_SIGMOID),
        /** {@code sp(-x) - epsilon x / (1 - 2 epsilon)}, epsilon in [0, 1/2): Chowdhury et al., arXiv:2403.00409. */
        ROBUST(ChorusNative.CHORUS_PREFERENCE_ROBUST),
        /** {@code max(0, 1 - x)}: Zhao et al., arXiv:2305.10425. */
        HINGE(ChorusNative.CHORUS_PREFERENCE_HINGE),
        /** {@code (h(c) - h(r) - 1 / (2 beta))^2}: Azar et al., arXiv:2310.12036. */
        IPO(ChorusNative.CHORUS_PREFERENCE_IPO),
        /** The same on {@code h(c) / n_c - h(r) / n_r}. */
        IPO_MEAN(ChorusNative.CHORUS_PREFERENCE_IPO_MEAN),
        /** {@code KL((sigma(x), sigma(-x)) || (1 - epsilon, epsilon))}, epsilon in (0, 1): Ji et al., arXiv:2402.00856. */
        EXO(ChorusNative.CHORUS_PREFERENCE_EXO),
        /** {@code sp(-beta h(c)) + sp(beta h(c)) / 2 + sp(beta h(r)) / 2}: Chen et al., arXiv:2402.05369. */
        NCA(ChorusNative.CHORUS_PREFERENCE_NCA),
        /** {@code sp(parameter - beta h(c)) + sp(beta h(r) - parameter)}: Jung et al., arXiv:2404.04656. */
        BCO(ChorusNative.CHORUS_PREFERENCE_BCO),
        /** {@code (h(c) - 1 / (2 beta))^2 + (h(r) + 1 / (2 beta))^2}: Wu et al., arXiv:2405.00675. */
        SPPO(ChorusNative.CHORUS_PREFERENCE_SPPO),
        /**
         * The sigmoid's, on the k-th smallest {@code policyChosen - policyRejected} less the k-th smallest
         * {@code refChosen - refRejected}: Melnyk et al., arXiv:2406.05882. The loss belongs to the pair of the former.
         */
        AOT(ChorusNative.CHORUS_PREFERENCE_AOT),
        /** The sigmoid's, on the k-th smallest c less the k-th smallest r; the loss belongs to the pair of c. */
        AOT_UNPAIRED(ChorusNative.CHORUS_PREFERENCE_AOT_UNPAIRED),
        /** {@code sigma(-beta c) + sigma(beta r)}: D'Oosterlinck et al., arXiv:2408.06266. */
        APO_ZERO(ChorusNative.CHORUS_PREFERENCE_APO_ZERO),
        /** {@code sigma(beta c) + sigma(-x)}: as above. */
        APO_DOWN(ChorusNative.CHORUS_PREFERENCE_APO_DOWN),
        /** {@code sp(-x) (1 - g) + e^-x g, g = sigma(x / parameter)}, parameter above 0: Lu et al., arXiv:2406.08414. */
        DISCOPOP(ChorusNative.CHORUS_PREFERENCE_DISCOPOP),
        /** The sigmoid's, on {@code beta (h(c) / n_c - h(r) / n_r)}. */
        SIGMOID_MEAN(ChorusNative.CHORUS_PREFERENCE_SIGMOID_MEAN);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }

        /** Whether pairs may have flip probabilities of their own. */
        public boolean takesFlip() {
            return this == SIGMOID || this == SIGMOID_MEAN || this == ROBUST || this == EXO;
        }

        /** Whether values of different pairs meet; such kinds take epsilon, but no flips, and weights that are equal or 0. */
        public boolean sorts() {
            return this == AOT || this == AOT_UNPAIRED;
        }

        /** Whether it is defined for other divergences than reverse KL. */
        public boolean takesDivergence() {
            return !sorts() && this != APO_ZERO;
        }

        /** Whether it needs the answers' lengths. */
        public boolean usesLengths() {
            return this == IPO_MEAN || this == SIGMOID_MEAN;
        }
    }

    /** h of the log-ratio u (Wang et al., arXiv:2309.16240); exponents end at 80, beyond which h is constant. */
    public enum Divergence {
        /** {@code u}. */
        REVERSE_KL(ChorusNative.CHORUS_DIVERGENCE_REVERSE_KL),
        /** {@code -e^-u}. */
        FORWARD_KL(ChorusNative.CHORUS_DIVERGENCE_FORWARD_KL),
        /** {@code ln sigma(u)}. */
        JS(ChorusNative.CHORUS_DIVERGENCE_JS),
        /** {@code e^((alpha - 1) u) / (alpha - 1)}; u for alpha 1. */
        ALPHA(ChorusNative.CHORUS_DIVERGENCE_ALPHA);

        private final int code;

        Divergence(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /** Refuses numbers that are outside the kind's range, or that it does not have. */
    public PreferenceSpec {
        require(beta > 0 && beta < Double.POSITIVE_INFINITY, "beta: expected a finite number above 0, got " + beta);
        // An epsilon of 0 is legal for EXO where each pair has its flip.
        double limit = kind == Kind.ROBUST ? Math.nextDown(0.5) : kind == Kind.EXO ? Math.nextDown(1.0) : 1;
        boolean takesEpsilon = kind.takesFlip() || kind.sorts();
        require(
                takesEpsilon ? epsilon >= 0 && epsilon <= limit : epsilon == 0,
                "epsilon: expected " + (takesEpsilon ? "it in [0, " + limit + "]" : "0") + " for " + kind + ", got "
                        + epsilon);
        boolean parameterFits =
                switch (kind) {
                    case BCO -> Double.isFinite(parameter);
                    case DISCOPOP -> parameter > 0 && parameter < Double.POSITIVE_INFINITY;
                    default -> parameter == 0;
                };
        require(parameterFits, "parameter: " + parameter + " is not one of " + kind);
        require(
                kind.takesDivergence() || divergence == Divergence.REVERSE_KL,
                "divergence: " + kind + " is defined for REVERSE_KL alone, got " + divergence);
        require(Double.isFinite(alpha), "alpha: expected a finite number, got " + alpha);
    }

    /** A loss without further numbers, against reverse KL. */
    public static PreferenceSpec of(Kind kind, double beta) {
        return new PreferenceSpec(kind, beta, 0, 0, Divergence.REVERSE_KL, 0);
    }

    /** One of the losses that name epsilon, against reverse KL. */
    public static PreferenceSpec of(Kind kind, double beta, double epsilon) {
        return new PreferenceSpec(kind, beta, epsilon, 0, Divergence.REVERSE_KL, 0);
    }

    /** BCO with the running mean of the rewards, against reverse KL. */
    public static PreferenceSpec bco(double beta, double delta) {
        return new PreferenceSpec(Kind.BCO, beta, 0, delta, Divergence.REVERSE_KL, 0);
    }

    /** DiscoPOP with the width of its gate, against reverse KL. */
    public static PreferenceSpec discopop(double beta, double tau) {
        return new PreferenceSpec(Kind.DISCOPOP, beta, 0, tau, Divergence.REVERSE_KL, 0);
    }

    /** The same loss against another divergence than the alpha one. */
    public PreferenceSpec against(Divergence other) {
        return new PreferenceSpec(kind, beta, epsilon, parameter, other, 0);
    }

    /** The same loss against the alpha-divergence. */
    public PreferenceSpec againstAlpha(double value) {
        return new PreferenceSpec(kind, beta, epsilon, parameter, Divergence.ALPHA, value);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
