package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.aggregate.BestSingle;
import dev.chorus.aggregate.DirichletPosterior;
import dev.chorus.aggregate.DirichletUncertainty;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.SoftAverage;
import dev.chorus.aggregate.labelers.GoldWeights;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.data.Item;
import dev.chorus.ensemble.WeakVotes;
import dev.chorus.eval.Accuracy;
import dev.chorus.eval.Calibration;
import dev.chorus.experiment.StageFiles.ClassEvaluation;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.ClassAggregate;
import dev.chorus.labels.ClassLabels;
import dev.chorus.labels.Judgement;
import dev.chorus.math.Argmax;
import dev.chorus.model.Decoder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.score.LastStates;
import dev.chorus.results.Results.ReliabilityBin;
import dev.chorus.results.Results.Unsure;
import dev.chorus.supervise.ClassSet;
import dev.chorus.supervise.Supervision;
import dev.chorus.supervise.WeakAnswers;
import dev.chorus.task.ClassLesson;
import dev.chorus.task.ClassModel;
import dev.chorus.train.Objective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** Tasks whose answers are classes. */
record ClassKind<E extends Item>(ClassLesson<E> lesson) implements TaskKind<E, ClassLabels, ClassAggregate> {
    private static final int CALIBRATION_BINS = 10;

    /** Sequences whose states are computed at once. */
    private static final int STATES = 128;

    @Override
    public Class<ClassLabels> labelType() {
        return ClassLabels.class;
    }

    @Override
    public Class<ClassAggregate> aggregateType() {
        return ClassAggregate.class;
    }

    @Override
    public void describe(ObjectNode settings) {}

    @Override
    public int tokens() {
        return Estimates.PROMPT_TOKENS;
    }

    @Override
    public double answering() {
        return 1;
    }

    @Override
    public int longestAnswer() {
        return 0;
    }

    @Override
    public Decoder prepare(Decoder base, long seed) {
        return base.withClassificationHead(lesson.classes().size(), seed);
    }

    @Override
    public Objective objective(
            Supervision teach, Record options, ModelFolder model, Teaching.Set<E, ClassLabels, ClassAggregate> set) {
        return teach.classes(
                new ClassSet(
                        ClassModel.inputs(model.tokenizer(), set.examples()),
                        lesson.classes().size(),
                        set.labels(),
                        set.aggregate(),
                        lesson.gold(set.examples()),
                        set.weights()),
                options);
    }

    @Override
    public Optional<DoubleSupplier> devel(ModelFolder model, List<E> devel) {
        ClassModel<E> classifier = new ClassModel<>(model, lesson, null);
        return Optional.of(() -> classifier.accuracy(devel));
    }

    @Override
    public ClassLabels label(
            String labeler, ModelFolder model, List<E> examples, List<E> devel, DoubleConsumer progress) {
        ClassModel<E> classifier = new ClassModel<>(model, lesson, null);
        return new ClassLabels(
                labeler,
                examples.stream().map(Item::id).toList(),
                classifier.probabilities(examples),
                devel.isEmpty() ? Double.NaN : classifier.accuracy(devel));
    }

    @Override
    public ClassAggregate aggregate(
            List<ClassLabels> labels, Judged<E, ClassLabels> judged, Optional<LabelAggregator> aggregator) {
        int best = BestSingle.index(
                labels.stream().mapToDouble(ClassLabels::develScore).toArray());
        int items = labels.get(0).probabilities().length;
        int classes = lesson.classes().size();
        double[][] mean = new double[items][];
        double[] entropy = new double[items];
        for (int n = 0; n < items; n++) {
            int item = n;
            double[][] answers =
                    labels.stream().map(each -> each.probabilities()[item]).toArray(double[][]::new);
            mean[n] = SoftAverage.of(answers).orElseThrow();
            DirichletPosterior posterior = DirichletPosterior.fromSoftLabels(
                    answers, DirichletPosterior.symmetricPrior(classes, 1.0 / classes));
            entropy[n] = DirichletUncertainty.of(posterior).total();
        }
        if (judged == null && aggregator.isEmpty()) {
            return new ClassAggregate(best, mean, mean, entropy, null);
        }
        Votes votes = votes(labels, judged, items);
        Judgement judgement = judged == null ? null : Judging.of(judged.on(), votes, quality(votes));
        if (aggregator.isEmpty()) {
            return new ClassAggregate(best, mean, mean, entropy, judgement);
        }
        Posteriors posteriors = aggregator.get().fit(votes).posteriors();
        double[][] rows = new double[items][];
        for (int n = 0; n < items; n++) {
            rows[n] = posteriors.row(n);
            entropy[n] = posteriors.entropy(n);
        }
        return new ClassAggregate(best, mean, rows, entropy, judgement);
    }

    private Votes votes(List<ClassLabels> labels, Judged<E, ClassLabels> judged, int items) {
        List<double[][]> rows = new ArrayList<>();
        for (int i = 0; i < labels.size(); i++) {
            double[][] own = labels.get(i).probabilities();
            rows.add(
                    judged == null
                            ? own
                            : Judging.rows(own, judged.labels().get(i).probabilities()));
        }
        int[] gold = judged == null ? new int[0] : lesson.gold(judged.examples());
        return WeakVotes.ofClasses(
                labels.stream().map(ClassLabels::labeler).toList(),
                lesson.classes(),
                rows,
                Judging.anchors(items, gold));
    }

    private static double[] quality(Votes votes) {
        GoldWeights.Counts counts = GoldWeights.counts(votes);
        return GoldWeights.accuracy(counts.right(), counts.seen(), votes.classes());
    }

    @Override
    public WeakAnswers answers(List<ClassLabels> labels, ClassAggregate aggregate, double[][] right) {
        List<List<String>> votes = new ArrayList<>();
        for (int n = 0; n < labels.get(0).probabilities().length; n++) {
            votes.add(votes(labels, n));
        }
        return new WeakAnswers(votes, aggregate.confidence(), aggregate.entropy(), right);
    }

    @Override
    public double[][] rescore(ModelFolder model, List<E> examples, List<ClassLabels> labels) {
        throw new IllegalStateException("classes have no texts to rescore");
    }

    @Override
    public Optional<Judgement> judgement(ClassAggregate aggregate) {
        return Optional.ofNullable(aggregate.judged());
    }

    @Override
    public double[] right(ClassLabels labels, List<E> examples) {
        int[] gold = lesson.gold(examples);
        double[] right = new double[gold.length];
        Arrays.setAll(right, n -> Argmax.of(labels.probabilities()[n]) == gold[n] ? 1 : 0);
        return right;
    }

    @Override
    public double[][] states(ModelFolder model, List<E> examples, ClassLabels labels) {
        return LastStates.of(model.decoder(), ClassModel.inputs(model.tokenizer(), examples), STATES);
    }

    private List<String> votes(List<ClassLabels> labels, int item) {
        List<String> votes = new ArrayList<>();
        for (ClassLabels each : labels) {
            double[] row = each.probabilities()[item];
            votes.add(row == null ? null : lesson.classes().get(Argmax.of(row)));
        }
        return votes;
    }

    @Override
    public ClassEvaluation evaluate(
            ModelFolder model, Optional<Evidence> readout, List<E> test, DoubleConsumer progress) {
        int[] gold = lesson.gold(test);
        double[][] rows = new ClassModel<>(model, lesson, readout.orElse(null)).probabilities(test);
        Calibration calibration = Calibration.of(rows, gold, CALIBRATION_BINS);
        double[] confidence = new double[gold.length];
        boolean[] correct = new boolean[gold.length];
        for (int n = 0; n < gold.length; n++) {
            int predicted = Argmax.of(rows[n]);
            confidence[n] = rows[n][predicted];
            correct[n] = predicted == gold[n];
        }
        return new ClassEvaluation(
                Accuracy.of(rows, gold), calibration.ece(), calibration.brier(), confidence, correct);
    }

    @Override
    public Class<?> evaluationType() {
        return ClassEvaluation.class;
    }

    @Override
    public Map<String, Double> figures(Object evaluation) {
        ClassEvaluation found = (ClassEvaluation) evaluation;
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("accuracy", found.accuracy());
        figures.put("ece", found.ece());
        figures.put("brier", found.brier());
        return figures;
    }

    @Override
    public List<ReliabilityBin> reliability(List<Object> evaluations) {
        double[] confidence = evaluations.stream()
                .flatMapToDouble(each -> Arrays.stream(((ClassEvaluation) each).confidence()))
                .toArray();
        boolean[] correct = new boolean[confidence.length];
        int next = 0;
        for (Object each : evaluations) {
            boolean[] own = ((ClassEvaluation) each).correct();
            System.arraycopy(own, 0, correct, next, own.length);
            next += own.length;
        }
        return Calibration.reliability(confidence, correct, CALIBRATION_BINS).stream()
                .map(bin -> new ReliabilityBin(
                        bin.low(),
                        bin.high(),
                        bin.count(),
                        bin.count() == 0 ? 0 : bin.confidence(),
                        bin.count() == 0 ? 0 : bin.accuracy()))
                .toList();
    }

    @Override
    public List<Unsure> unsure(long seed, List<ClassLabels> labels, ClassAggregate aggregate, List<E> weak) {
        return LeastSure.of(aggregate.entropy(), new double[aggregate.entropy().length]).stream()
                .map(n -> new Unsure(
                        seed,
                        weak.get(n).id(),
                        weak.get(n).text(),
                        votes(labels, n),
                        lesson.classes().get(Argmax.of(aggregate.posterior()[n])),
                        lesson.gold(weak.get(n)),
                        aggregate.entropy()[n]))
                .toList();
    }
}
