package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.data.Item;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.ItemWeights;
import dev.chorus.labels.Judgement;
import dev.chorus.labels.Labels;
import dev.chorus.model.Decoder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.results.Results.ReliabilityBin;
import dev.chorus.results.Results.Unsure;
import dev.chorus.supervise.Supervision;
import dev.chorus.supervise.WeakAnswers;
import dev.chorus.task.Lesson;
import dev.chorus.train.Objective;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/**
 * What tasks of classes and tasks of texts do differently: the bodies of the stages that {@link TaskPlan} makes.
 *
 * @param <E> examples
 * @param <L> labels of one weak model
 * @param <A> the ensemble's view of all labels
 */
interface TaskKind<E extends Item, L extends Labels, A> {
    Lesson<E> lesson();

    Class<L> labelType();

    Class<A> aggregateType();

    /** Adds what labels and answers depend on besides the model. */
    void describe(ObjectNode settings);

    /** About how many tokens an example is taught with. */
    int tokens();

    /** How much more an answer costs than a forward pass over {@link #tokens}. */
    double answering();

    /** Longest answer, in new tokens; 0 for classes. */
    int longestAnswer();

    /** The decoder that is taught; the caller closes it after the one that it is made of. */
    Decoder prepare(Decoder base, long seed);

    /** What a student, a weak model or the ceiling minimises. */
    Objective objective(Supervision teach, Record options, ModelFolder model, Teaching.Set<E, L, A> set);

    /** The score on devel after every epoch; empty for none. */
    Optional<DoubleSupplier> devel(ModelFolder model, List<E> devel);

    /** What a weak model says of examples, with its score on devel, NaN where that is empty. */
    L label(String labeler, ModelFolder model, List<E> examples, List<E> devel, DoubleConsumer progress);

    /**
     * The ensemble's view.
     *
     * @param judged     null if nobody was judged
     * @param aggregator empty for the plain way
     */
    A aggregate(List<L> labels, Judged<E, L> judged, Optional<LabelAggregator> aggregator);

    /** What is known of the weak models' answers. */
    WeakAnswers answers(List<L> labels, A aggregate, double[][] right);

    /** [N][C] mean log-probability a token of all weak models' texts under one of them; of texts alone. */
    double[][] rescore(ModelFolder model, List<E> examples, List<L> labels);

    /** The weak models as they were judged; empty if they were not. */
    Optional<Judgement> judgement(A aggregate);

    /** [N] how right a weak model's labels are, 0 to 1. */
    double[] right(L labels, List<E> examples);

    /** [N][C] the state of a weak model that has read an example, and for texts its own answer. */
    double[][] states(ModelFolder model, List<E> examples, L labels);

    /** A model on the test split; written as JSON. */
    Object evaluate(ModelFolder model, Optional<Evidence> readout, List<E> test, DoubleConsumer progress);

    Class<?> evaluationType();

    /** The figures of an evaluation, by name. */
    Map<String, Double> figures(Object evaluation);

    /** Bins over several evaluations; empty where there is no confidence. */
    List<ReliabilityBin> reliability(List<Object> evaluations);

    /** The items that the ensemble is least sure of. */
    List<Unsure> unsure(long seed, List<L> labels, A aggregate, List<E> weak);

    /** Weights that count every example alike. */
    static ItemWeights alike(List<?> examples) {
        return ItemWeights.even(examples.size());
    }
}
