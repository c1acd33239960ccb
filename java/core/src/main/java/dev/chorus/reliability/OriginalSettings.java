package dev.chorus.reliability;

/** What the code of Guo and Yang, arXiv:2406.19032, does on each of its data sets, for those who reproduce it. */
public enum OriginalSettings {
    /** Five orders of the options; the votes are the options' texts. */
    HELLASWAG(5, 0.2, UnparseablePolicy.KEEP_AS_VOTE, UnparseablePolicy.DROP_QUESTION, true),
    /** Five orders of the options. */
    MMLU(5, 0.2, UnparseablePolicy.KEEP_AS_VOTE, UnparseablePolicy.DROP_QUESTION, false),
    /** Two fixed prompts that name the answer words in either order. */
    ETHICS(2, 1, UnparseablePolicy.KEEP_AS_VOTE, UnparseablePolicy.KEEP_AS_VOTE, false),
    /** Five paraphrases of the question; the votes are integers. */
    GSM8K(5, 0.2, UnparseablePolicy.DROP_QUESTION, UnparseablePolicy.DROP_QUESTION, false);

    /** Percentile of the entropy filter on all of them. */
    public static final double PERCENTILE = 50;

    private final int variants;
    private final double temperature;
    private final UnparseablePolicy whenFiltering;
    private final UnparseablePolicy whenWeighting;
    private final boolean withReplacement;

    OriginalSettings(
            int variants,
            double temperature,
            UnparseablePolicy whenFiltering,
            UnparseablePolicy whenWeighting,
            boolean withReplacement) {
        this.variants = variants;
        this.temperature = temperature;
        this.whenFiltering = whenFiltering;
        this.whenWeighting = whenWeighting;
        this.withReplacement = withReplacement;
    }

    /** K: how often each question is asked. */
    public int variants() {
        return variants;
    }

    /** T of the reliability weights. */
    public double temperature() {
        return temperature;
    }

    /** What happens to unreadable answers before the entropy filter. */
    public UnparseablePolicy whenFiltering() {
        return whenFiltering;
    }

    /** What happens to them before re-weighting; on two data sets another thing, as their votes pass through a CSV file. */
    public UnparseablePolicy whenWeighting() {
        return whenWeighting;
    }

    /** Whether rows that are sampled after the filter may come twice; as many are drawn as questions are left. */
    public boolean withReplacement() {
        return withReplacement;
    }

    /**
     * Rows that are drawn where sampling is on.
     *
     * @param kept rows that are left
     */
    public int draws(int kept) {
        return kept / variants;
    }
}
