package dev.chorus.results;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Map;

/**
 * All that a run found out: the content of {@code results.json}, and all that the report is drawn from.
 *
 * <p>{@link #figures} holds every measured value once, with its seed, configuration hash and commit; {@link #tasks} holds
 * the same values summarised over seeds. Figures of two runs with the same seeds, build and machine kind are equal to the
 * last bit; times and memory are not.
 *
 * @param schema              version of this layout, {@link #SCHEMA}
 * @param name                the configuration's name
 * @param configHash          SHA-256 (hex) of the configuration after overrides
 * @param commit              commit that the engine was built from, with "-dirty" if the tree had changes; "unknown" outside git
 * @param build               SHA-256 (hex) of the engine's classes and native library
 * @param stages              SHA-256 (hex) of all stages' hashes: what the figures depend on, data and model folders among it
 * @param started             UTC time, ISO 8601
 * @param wallSeconds         of the run that wrote this file; reused stages cost nothing in it
 * @param stagesRun           stages that this run executed
 * @param stagesReused        stages found finished
 * @param peakResidentBytes   of the process that wrote this file; 0 where the system does not tell
 * @param machine             what it ran on: "cpu", "cores", "memory", "os", "jdk", "libtorch", "blas", "workers"
 * @param seeds               in the order of the configuration
 * @param data                number of sentences of every split: "gold", "weak", "devel", "test", "unlabelled"
 * @param config              the configuration after overrides
 * @param tasks               one entry a task
 * @param figures             every value, flat
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Results(
        int schema,
        String name,
        String configHash,
        String commit,
        String build,
        String stages,
        String started,
        double wallSeconds,
        int stagesRun,
        int stagesReused,
        long peakResidentBytes,
        Map<String, String> machine,
        List<Long> seeds,
        Map<String, Integer> data,
        Map<String, Object> config,
        List<Task> tasks,
        List<Figure> figures) {
    /** The version of this layout. */
    public static final int SCHEMA = 2;

    /**
     * One task's summary.
     *
     * @param task    its key, such as "scenario"
     * @param title   for people
     * @param metric  the key of the main metric in {@link Model#metrics}: "accuracy" or "slu_f1"
     * @param models  weak models first, then students, the ceiling last
     * @param curves  what training looked like
     * @param unsure  the weak labels that the ensemble is least sure of, least sure first
     * @param judged  how good the weak models are on items with gold labels that they were not taught, one entry a seed; empty, and
     *                not written, where they are not judged
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Task(
            String task,
            String title,
            String metric,
            List<Model> models,
            List<Curve> curves,
            List<Unsure> unsure,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Judged> judged) {
        /** What is not written is empty. */
        public Task {
            judged = judged == null ? List.of() : judged;
        }

        /** Of weak models that are not judged. */
        public Task(
                String task, String title, String metric, List<Model> models, List<Curve> curves, List<Unsure> unsure) {
            this(task, title, metric, models, curves, unsure, List.of());
        }
    }

    /**
     * The weak models on items with gold labels.
     *
     * @param seed              of the run
     * @param on                where the items are from: "gold" or "devel"
     * @param items             how many
     * @param models            the weak models' ids
     * @param quality           of each: accuracy, smoothed as {@code (right + 1) / (items + classes)}, or the mean of the main metric
     * @param errorCorrelation  mean correlation of two models' errors; null where there is none
     * @param effectiveLabelers how many independent models they are worth by it; null likewise
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Judged(
            long seed,
            String on,
            int items,
            List<String> models,
            List<Double> quality,
            Double errorCorrelation,
            Double effectiveLabelers) {}

    /**
     * One model over all seeds.
     *
     * @param id          as in {@link Figure#model}
     * @param title       for people
     * @param role        "weak", "student" or "ceiling"
     * @param parameters  number of trained parameters
     * @param metrics     by name: "accuracy" or "slu_f1", "ece", "brier" (classifiers), "pgr_mean" and "pgr_best" (students):
     *                    performance gap recovered against the mean weak model and the best one (chosen on devel)
     * @param reliability ten equal-width bins over all seeds together; empty for generation
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Model(
            String id,
            String title,
            String role,
            long parameters,
            Map<String, Interval> metrics,
            List<ReliabilityBin> reliability) {}

    /**
     * A mean over seeds with its 95% interval (Student's t). {@code low} and {@code high} are null with fewer than two
     * values; {@code mean} is null where the metric is undefined.
     */
    public record Interval(Double mean, Double low, Double high, int n) {}

    /** Predictions whose confidence lies in (low, high]: how many, their mean confidence, the share that was right. */
    public record ReliabilityBin(double low, double high, long count, double confidence, double accuracy) {}

    /** Training of one model with one seed; {@code stage} is "pretrain", "weak", "student" or "dpo". */
    public record Curve(String model, String stage, long seed, List<Point> points) {}

    /** Mean training loss (nats) up to this step since the point before; {@code devel} is the devel score, null if not taken. */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Point(long step, double loss, Double devel) {}

    /**
     * One weak label that the ensemble is unsure of.
     *
     * @param seed        of the run
     * @param id          of the sentence
     * @param text        the sentence
     * @param votes       every weak model's answer, in the order of the weak models
     * @param aggregate   what the ensemble says
     * @param gold        the hidden gold answer, for the reader alone
     * @param uncertainty total predictive entropy in nats (classification) or entropy of the votes (generation)
     */
    public record Unsure(
            long seed, String id, String text, List<String> votes, String aggregate, String gold, double uncertainty) {}

    /** One measured value; {@code value} is null where the metric is undefined, such as a PGR without a gap. */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Figure(
            String task, String model, String metric, long seed, Double value, String configHash, String commit) {}
}
