package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.config.Shorthand;
import dev.chorus.labels.Judgement;
import dev.chorus.task.Task;
import java.util.List;
import java.util.Locale;

/**
 * How much each weak model's label counts within an item (Cui et al., arXiv:2406.03199, lambda; those from gold items after
 * Nitzan and Paroush 1982, and ours).
 *
 * @param by     the rule
 * @param shares of fixed weights, in the order of the weak models; null for other rules
 * @param power  of accuracy-power
 */
@Shorthand("by")
public record Weighting(
        @Key(
                value =
                        "`mean`: alike; `fixed`: as `shares` say; `paper`: the authors' fixed weights of 3 or 5 models; `dynamic`: for each item by how sure each model is of its own label; from the items of `judge`: `accuracy-power`, `log-odds` (classes alone)",
                fallback = "mean")
        By by,

        @Key(value = "of `fixed`: one number a weak model, in their order, summing to 1", optional = true)
        List<Double> shares,

        @Key(value = "of `accuracy-power`: 0 makes all alike", fallback = "2", range = "[0,)")
        double power) {
    /** As YAML, for defaults. */
    public static final String MEAN = "mean";

    private static final String SHARES = "weights.shares: expected ";

    /** The rules. */
    public enum By {
        /** All alike. */
        MEAN,
        /** Listed. */
        FIXED,
        /** The authors' presets. */
        PAPER,
        /** By each model's sureness of its own label. */
        DYNAMIC,
        /** By a power of the quality on judged items. */
        ACCURACY_POWER,
        /** By log-odds of the accuracy on judged items. */
        LOG_ODDS;

        /** As configurations spell it. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        private boolean needsJudge() {
            return this == ACCURACY_POWER || this == LOG_ODDS;
        }
    }

    /** All alike. */
    public static Weighting mean() {
        return new Weighting(By.MEAN, null, 2);
    }

    /** Whether every label of an item counts alike. */
    public boolean areEven() {
        return by == By.MEAN;
    }

    /** As {@link TeamOptions#check}. */
    void check(Team team) {
        check(team, ModelWeights.Preset.LOSSES);
    }

    /**
     * As {@link TeamOptions#check}.
     *
     * @param paper which of the authors' fixed weights
     */
    void check(Team team, ModelWeights.Preset paper) {
        if (by == By.FIXED) {
            if (shares == null) {
                throw new IllegalArgumentException(SHARES + team.models()
                        + " numbers, one a weak model, because weights.by is fixed, got nothing");
            }
            if (shares.size() != team.models()) {
                throw new IllegalArgumentException(
                        SHARES + team.models() + " numbers, one a weak model, got " + shares);
            }
            double sum = shares.stream().mapToDouble(Double::doubleValue).sum();
            if (shares.stream().anyMatch(share -> !(share >= 0)) || !(Math.abs(sum - 1) < ModelWeights.SUM_TOLERANCE)) {
                throw new IllegalArgumentException(
                        SHARES + "numbers of at least 0 that sum to 1, got " + shares + ", which sum to " + sum);
            }
        } else if (shares != null) {
            throw new IllegalArgumentException(SHARES + "nothing beside weights.by " + by + "; fixed takes them");
        }
        boolean four = paper == ModelWeights.Preset.JOINT && team.models() == 4;
        if (by == By.PAPER && team.models() != 3 && team.models() != 5 && !four) {
            throw new IllegalArgumentException(
                    "weights.by: expected 3 or 5 weak models for the authors' fixed weights, got " + team.models()
                            + "; choose mean, or fixed with shares");
        }
        if (by == By.LOG_ODDS && team.kind() == Task.Kind.TEXTS) {
            throw new IllegalArgumentException(
                    "weights.by: expected a task of classes for log-odds, got one of texts; choose accuracy-power");
        }
        if (by.needsJudge() && !team.judged()) {
            throw new IllegalArgumentException("weights.by: expected items to judge the weak models on, because it is "
                    + by + ", got judge none; set the task's judge to gold or devel");
        }
    }

    /**
     * The weights of one item's labels.
     *
     * @param judged   null if the rule does not need it
     * @param classes  K; for texts anything
     * @param sureness [W] log-probability that each model gives its own label, nats a token; NaN for a model without a label
     * @return [W], sum 1 over the models with a label; all 0 if no model that counts has one
     */
    double[] of(Judgement judged, int classes, double[] sureness) {
        return of(judged, classes, sureness, ModelWeights.Preset.LOSSES);
    }

    /** The same with others of the authors' fixed weights. */
    double[] of(Judgement judged, int classes, double[] sureness, ModelWeights.Preset paper) {
        boolean[] answered = new boolean[sureness.length];
        boolean any = false;
        for (int i = 0; i < answered.length; i++) {
            answered[i] = !Double.isNaN(sureness[i]);
            any |= answered[i];
        }
        if (!any) {
            return new double[sureness.length];
        }
        double[] lambda =
                switch (by) {
                    case MEAN -> ModelWeights.mean(sureness.length);
                    case FIXED ->
                        shares.stream().mapToDouble(Double::doubleValue).toArray();
                    case PAPER -> paper.of(sureness.length);
                    case DYNAMIC -> ModelWeights.dynamic(sureness);
                    case ACCURACY_POWER -> power(judged);
                    case LOG_ODDS -> ModelWeights.logOdds(judged.quality(), classes);
                };
        return ModelWeights.renormalise(lambda, answered);
    }

    /** A team of which nobody was right once is weighted alike: nothing speaks for one of them. */
    private double[] power(Judgement judged) {
        for (double quality : judged.quality()) {
            if (quality > 0) {
                return ModelWeights.power(judged.quality(), power);
            }
        }
        return ModelWeights.mean(judged.quality().length);
    }
}
