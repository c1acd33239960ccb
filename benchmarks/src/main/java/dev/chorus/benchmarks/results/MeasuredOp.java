package dev.chorus.benchmarks.results;

import dev.chorus.aggregate.TaskPosteriorBenchmark;
import dev.chorus.benchmarks.DecoderBlockBenchmark;
import dev.chorus.benchmarks.TrainingStepBenchmark;
import dev.chorus.benchmarks.Work;
import dev.chorus.kernels.DirichletAggregationBenchmark;
import dev.chorus.kernels.EnsembleLogProbBenchmark;
import dev.chorus.kernels.EvidentialBenchmark;
import dev.chorus.kernels.LinearLogProbBenchmark;
import dev.chorus.kernels.PagedAttentionBenchmark;
import dev.chorus.kernels.PreferenceBenchmark;
import dev.chorus.kernels.TokenLogProbBenchmark;
import dev.chorus.kernels.TransformerRowsBenchmark;
import java.util.List;
import java.util.Optional;

/**
 * What is measured. A new benchmark gets a line in {@link #ALL}.
 *
 * @param text      the op as in the results
 * @param benchmark the class of its benchmark
 * @param workOf    how much work a call is
 */
record MeasuredOp(String text, Class<?> benchmark, WorkOf workOf) {
    static final List<MeasuredOp> ALL = List.of(
            new MeasuredOp("token_logprob", TokenLogProbBenchmark.class, WorkOf.known(TokenLogProbBenchmark::work)),
            new MeasuredOp(
                    "ensemble_logprob", EnsembleLogProbBenchmark.class, WorkOf.known(EnsembleLogProbBenchmark::work)),
            new MeasuredOp("evidential", EvidentialBenchmark.class, WorkOf.known(EvidentialBenchmark::work)),
            new MeasuredOp("linear_logprob", LinearLogProbBenchmark.class, WorkOf.known(LinearLogProbBenchmark::work)),
            new MeasuredOp("preference", PreferenceBenchmark.class, WorkOf.known(PreferenceBenchmark::work)),
            new MeasuredOp(
                    "dirichlet_aggregation",
                    DirichletAggregationBenchmark.class,
                    WorkOf.known(DirichletAggregationBenchmark::work)),
            new MeasuredOp(
                    "paged_attention", PagedAttentionBenchmark.class, WorkOf.known(PagedAttentionBenchmark::work)),
            new MeasuredOp("decoder_block", DecoderBlockBenchmark.class, WorkOf.known(DecoderBlockBenchmark::work)),
            new MeasuredOp("transformer", TransformerRowsBenchmark.class, WorkOf.UNKNOWN),
            new MeasuredOp("task_posterior", TaskPosteriorBenchmark.class, WorkOf.UNKNOWN),
            new MeasuredOp("training_step", TrainingStepBenchmark.class, WorkOf.UNKNOWN));

    /** The work of a call; empty where neither bytes nor operations say much. */
    interface WorkOf {
        WorkOf UNKNOWN = (direction, shape, dtype) -> Optional.empty();

        Optional<Work> of(String direction, String shape, String dtype);

        static WorkOf known(Known work) {
            return (direction, shape, dtype) -> Optional.of(work.of(direction, shape, dtype));
        }
    }

    /** The work that a benchmark states. */
    interface Known {
        Work of(String direction, String shape, String dtype);
    }

    /** The op that a benchmark's class measures. */
    static MeasuredOp ofBenchmark(String simpleName) {
        return ALL.stream()
                .filter(op -> op.benchmark.getSimpleName().equals(simpleName))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(simpleName + ": expected a benchmark of this module"));
    }
}
