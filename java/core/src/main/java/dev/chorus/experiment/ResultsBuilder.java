package dev.chorus.experiment;

import dev.chorus.data.Example;
import dev.chorus.data.Splits;
import dev.chorus.eval.Calibration;
import dev.chorus.eval.MeanInterval;
import dev.chorus.eval.Pgr;
import dev.chorus.experiment.ExperimentConfig.WeakModel;
import dev.chorus.experiment.StageFiles.ClassAggregate;
import dev.chorus.experiment.StageFiles.ClassEvaluation;
import dev.chorus.experiment.StageFiles.SlotEvaluation;
import dev.chorus.experiment.StageFiles.TextAggregate;
import dev.chorus.experiment.StageFiles.Training;
import dev.chorus.labels.ClassLabels;
import dev.chorus.labels.TextLabels;
import dev.chorus.math.Argmax;
import dev.chorus.results.MachineFacts;
import dev.chorus.results.Results.Curve;
import dev.chorus.results.Results.Figure;
import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import dev.chorus.results.Results.ReliabilityBin;
import dev.chorus.results.Results.Task;
import dev.chorus.results.Results.Unsure;
import dev.chorus.results.Results;
import dev.chorus.stage.BuildFingerprint;
import dev.chorus.stage.Stage;
import dev.chorus.stage.StageStore;
import dev.chorus.task.slurp.SlotText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Reads the stages' outputs and puts the results together. */
final class ResultsBuilder {
    private static final int SCHEMA = 1;
    private static final int UNSURE = 20;
    private static final int BINS = 10;

    private final Blueprint plan;
    private final StageStore store;
    private final Run run;
    private final List<Figure> figures = new ArrayList<>();

    /** What is known of the run besides its stages. */
    record Run(
            String configHash,
            BuildFingerprint build,
            String started,
            double wallSeconds,
            int stagesRun,
            int stagesReused,
            int workers) {}

    ResultsBuilder(Blueprint plan, StageStore store, Run run) {
        this.plan = plan;
        this.store = store;
        this.run = run;
    }

    Results build(List<TaskStages> scenario, List<TaskStages> slots) throws IOException {
        List<Task> tasks = new ArrayList<>();
        if (!scenario.isEmpty()) {
            tasks.add(task(new ScenarioReader(), "scenario", "Scenario classification", "accuracy", scenario));
        }
        if (!slots.isEmpty()) {
            tasks.add(task(new SlotReader(), "slots", "Slot filling as generation", "slu_f1", slots));
        }
        Splits splits = plan.splits(plan.config().seeds().get(0));
        Map<String, Integer> data = new LinkedHashMap<>();
        data.put("gold", splits.gold().size());
        data.put("weak", splits.weak().size());
        data.put("devel", splits.devel().size());
        data.put("test", splits.test().size());
        data.put("unlabelled", plan.corpus().unlabelled().size());
        return new Results(
                SCHEMA,
                plan.config().name(),
                run.configHash(),
                run.build().commit(),
                run.build().hash(),
                run.started(),
                run.wallSeconds(),
                run.stagesRun(),
                run.stagesReused(),
                MachineFacts.peakResidentBytes(),
                MachineFacts.describe(run.workers()),
                plan.config().seeds(),
                data,
                Experiment.plain(plan.config()),
                tasks,
                figures);
    }

    /** What differs between the tasks. */
    private interface Reader {
        /** All figures of one model with one seed. */
        Map<String, Double> figures(Stage evaluation) throws IOException;

        /** The score on devel that a weak model's labels carry. */
        double develScore(Stage labels) throws IOException;

        List<ReliabilityBin> reliability(List<Stage> evaluations) throws IOException;

        List<Unsure> unsure(TaskStages repetition) throws IOException;
    }

    private Task task(Reader reader, String task, String title, String metric, List<TaskStages> repetitions)
            throws IOException {
        Map<String, Map<String, List<Double>>> values = new LinkedHashMap<>();
        for (TaskStages repetition : repetitions) {
            for (Map.Entry<String, Stage> model : repetition.evaluated().entrySet()) {
                reader.figures(model.getValue())
                        .forEach((name, value) -> add(values, task, model.getKey(), name, repetition.seed(), value));
            }
            addRecovered(reader, values, task, metric, repetition);
        }
        List<Model> models = new ArrayList<>();
        for (String id : repetitions.get(0).evaluated().keySet()) {
            Map<String, Interval> metrics = new LinkedHashMap<>();
            values.get(id).forEach((name, perSeed) -> metrics.put(name, interval(perSeed)));
            List<Stage> evaluations =
                    repetitions.stream().map(each -> each.evaluated().get(id)).toList();
            models.add(new Model(
                    id,
                    title(id),
                    role(repetitions.get(0), id),
                    training(trained(repetitions.get(0), id)).parameters(),
                    metrics,
                    reader.reliability(evaluations)));
        }
        List<Curve> curves = new ArrayList<>();
        if (plan.strong().stage().isPresent()) {
            Training base = training(plan.strong().stage().get());
            curves.add(curve("base", "pretrain", plan.config().strong().seed(), base));
        }
        for (TaskStages repetition : repetitions) {
            for (String id : repetition.evaluated().keySet()) {
                String stage =
                        repetition.weak().containsKey(id) ? "weak" : id.equals(SlotStages.DPO) ? "dpo" : "student";
                curves.add(curve(id, stage, repetition.seed(), training(trained(repetition, id))));
            }
        }
        return new Task(task, title, metric, models, curves, reader.unsure(repetitions.get(0)));
    }

    private void addRecovered(
            Reader reader,
            Map<String, Map<String, List<Double>>> values,
            String task,
            String metric,
            TaskStages repetition)
            throws IOException {
        List<String> weakIds = List.copyOf(repetition.weak().keySet());
        double[] weak = new double[weakIds.size()];
        double[] devel = new double[weakIds.size()];
        for (int i = 0; i < weak.length; i++) {
            weak[i] = reader.figures(repetition.evaluated().get(weakIds.get(i))).get(metric);
            devel[i] = reader.develScore(repetition.labels().get(i));
        }
        double ceiling =
                reader.figures(repetition.evaluated().get(TaskStages.CEILING)).get(metric);
        for (String id : repetition.trained().keySet()) {
            if (!id.equals(TaskStages.CEILING)) {
                double student = reader.figures(repetition.evaluated().get(id)).get(metric);
                add(values, task, id, "pgr_mean", repetition.seed(), Pgr.againstMean(weak, student, ceiling));
                add(values, task, id, "pgr_best", repetition.seed(), Pgr.againstBest(weak, devel, student, ceiling));
            }
        }
    }

    private void add(
            Map<String, Map<String, List<Double>>> values,
            String task,
            String model,
            String metric,
            long seed,
            double value) {
        values.computeIfAbsent(model, key -> new LinkedHashMap<>())
                .computeIfAbsent(metric, key -> new ArrayList<>())
                .add(value);
        figures.add(new Figure(
                task,
                model,
                metric,
                seed,
                Double.isNaN(value) ? null : value,
                run.configHash(),
                run.build().commit()));
    }

    private static Interval interval(List<Double> values) {
        if (values.stream().anyMatch(value -> value.isNaN())) {
            return new Interval(null, null, null, values.size());
        }
        MeanInterval interval =
                MeanInterval.of(values.stream().mapToDouble(Double::doubleValue).toArray());
        return interval.bounded()
                ? new Interval(interval.mean(), interval.low(), interval.high(), interval.n())
                : new Interval(interval.mean(), null, null, interval.n());
    }

    private String title(String id) {
        for (WeakModel model : plan.config().weak().models()) {
            if (model.name().equals(id)) {
                Origin origin = plan.origin(model);
                return id + " (" + origin.layers() + "×" + origin.width() + ", " + origin.title() + ")";
            }
        }
        return switch (id) {
            case "best" -> "student of the best weak model";
            case "naive" -> "student, naive multi-weak";
            case "bayesian" -> "student, Bayesian multi-weak";
            case SlotStages.DPO -> "student, naive multi-weak + DPO";
            case TaskStages.CEILING -> "ceiling (gold labels)";
            default -> id;
        };
    }

    private static String role(TaskStages repetition, String id) {
        return repetition.weak().containsKey(id) ? "weak" : id.equals(TaskStages.CEILING) ? "ceiling" : "student";
    }

    private static Stage trained(TaskStages repetition, String id) {
        Stage weak = repetition.weak().get(id);
        return weak != null ? weak : repetition.trained().get(id);
    }

    private Training training(Stage stage) throws IOException {
        return StageFiles.read(store.folder(stage), StageFiles.TRAINING, Training.class);
    }

    private static Curve curve(String model, String stage, long seed, Training training) {
        return new Curve(
                model,
                stage,
                seed,
                training.curve().stream()
                        .map(point -> new Results.Point(
                                point.step(), point.loss(), Double.isNaN(point.devel()) ? null : point.devel()))
                        .toList());
    }

    private final class ScenarioReader implements Reader {
        @Override
        public Map<String, Double> figures(Stage evaluation) throws IOException {
            ClassEvaluation found = read(evaluation);
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("accuracy", found.accuracy());
            figures.put("ece", found.ece());
            figures.put("brier", found.brier());
            return figures;
        }

        @Override
        public double develScore(Stage labels) throws IOException {
            return StageFiles.read(store.folder(labels), StageFiles.LABELS, ClassLabels.class)
                    .develScore();
        }

        @Override
        public List<ReliabilityBin> reliability(List<Stage> evaluations) throws IOException {
            List<ClassEvaluation> all = new ArrayList<>();
            for (Stage evaluation : evaluations) {
                all.add(read(evaluation));
            }
            double[] confidence = all.stream()
                    .flatMapToDouble(each -> java.util.Arrays.stream(each.confidence()))
                    .toArray();
            boolean[] correct = new boolean[confidence.length];
            int next = 0;
            for (ClassEvaluation each : all) {
                System.arraycopy(each.correct(), 0, correct, next, each.correct().length);
                next += each.correct().length;
            }
            return Calibration.reliability(confidence, correct, BINS).stream()
                    .map(bin -> new ReliabilityBin(
                            bin.low(),
                            bin.high(),
                            bin.count(),
                            bin.count() == 0 ? 0 : bin.confidence(),
                            bin.count() == 0 ? 0 : bin.accuracy()))
                    .toList();
        }

        @Override
        public List<Unsure> unsure(TaskStages repetition) throws IOException {
            ClassAggregate aggregate =
                    StageFiles.read(store.folder(repetition.aggregate()), StageFiles.AGGREGATE, ClassAggregate.class);
            List<ClassLabels> labels = new ArrayList<>();
            for (Stage stage : repetition.labels()) {
                labels.add(StageFiles.read(store.folder(stage), StageFiles.LABELS, ClassLabels.class));
            }
            List<String> classes = plan.corpus().classes();
            List<Example> weak = plan.splits(repetition.seed()).weak();
            return leastSure(aggregate.entropy(), new double[aggregate.entropy().length]).stream()
                    .map(n -> {
                        int[] votes = labels.stream()
                                .mapToInt(each -> Argmax.of(each.probabilities()[n]))
                                .toArray();
                        return new Unsure(
                                repetition.seed(),
                                weak.get(n).id(),
                                weak.get(n).sentence(),
                                IntStream.of(votes).mapToObj(classes::get).toList(),
                                classes.get(Argmax.of(aggregate.mean()[n])),
                                weak.get(n).scenario(),
                                aggregate.entropy()[n]);
                    })
                    .toList();
        }

        private ClassEvaluation read(Stage evaluation) throws IOException {
            return StageFiles.read(store.folder(evaluation), StageFiles.EVALUATION, ClassEvaluation.class);
        }
    }

    private final class SlotReader implements Reader {
        @Override
        public Map<String, Double> figures(Stage evaluation) throws IOException {
            SlotEvaluation found =
                    StageFiles.read(store.folder(evaluation), StageFiles.EVALUATION, SlotEvaluation.class);
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("slu_f1", found.sluF1());
            figures.put("precision", found.precision());
            figures.put("recall", found.recall());
            figures.put("word_f1", found.wordF1());
            figures.put("char_f1", found.charF1());
            figures.put("exact_f1", found.exactF1());
            return figures;
        }

        @Override
        public double develScore(Stage labels) throws IOException {
            return StageFiles.read(store.folder(labels), StageFiles.LABELS, TextLabels.class)
                    .develScore();
        }

        @Override
        public List<ReliabilityBin> reliability(List<Stage> evaluations) {
            return List.of();
        }

        @Override
        public List<Unsure> unsure(TaskStages repetition) throws IOException {
            TextAggregate aggregate =
                    StageFiles.read(store.folder(repetition.aggregate()), StageFiles.AGGREGATE, TextAggregate.class);
            List<TextLabels> labels = new ArrayList<>();
            for (Stage stage : repetition.labels()) {
                labels.add(StageFiles.read(store.folder(stage), StageFiles.LABELS, TextLabels.class));
            }
            List<Example> weak = plan.splits(repetition.seed()).weak();
            return leastSure(aggregate.entropy(), aggregate.meanLogp()).stream()
                    .map(n -> new Unsure(
                            repetition.seed(),
                            weak.get(n).id(),
                            weak.get(n).sentence(),
                            labels.stream()
                                    .map(each -> each.nBest().get(n).get(0).text())
                                    .toList(),
                            aggregate.winner().get(n),
                            SlotText.write(weak.get(n).entities()),
                            aggregate.entropy()[n]))
                    .toList();
        }
    }

    /** Highest entropy first; among equals the least likely, then the earlier. */
    private static List<Integer> leastSure(double[] entropy, double[] meanLogp) {
        return IntStream.range(0, entropy.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer n) -> -entropy[n])
                        .thenComparingDouble(n -> meanLogp[n])
                        .thenComparingInt(n -> n))
                .limit(UNSURE)
                .toList();
    }
}
