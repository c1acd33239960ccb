package dev.chorus.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.Item;
import dev.chorus.data.Splits;
import dev.chorus.eval.MeanInterval;
import dev.chorus.eval.Pgr;
import dev.chorus.experiment.ExperimentConfig.WeakModel;
import dev.chorus.experiment.Roster.Member;
import dev.chorus.experiment.StageFiles.Training;
import dev.chorus.labels.Labels;
import dev.chorus.results.Results;
import dev.chorus.results.Results.Curve;
import dev.chorus.results.Results.Figure;
import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Judged;
import dev.chorus.results.Results.Model;
import dev.chorus.results.Results.Task;
import dev.chorus.results.Results.Unsure;
import dev.chorus.stage.Stage;
import dev.chorus.stage.StageStore;
import dev.chorus.supervise.Gold;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the stages' outputs and puts the results together. */
final class ResultsBuilder {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Blueprint plan;
    private final StageStore store;
    private final RunFacts run;
    private final List<Figure> figures = new ArrayList<>();

    ResultsBuilder(Blueprint plan, StageStore store, RunFacts run) {
        this.plan = plan;
        this.store = store;
        this.run = run;
    }

    Results build(List<TaskPlan<?, ?, ?>> plans) throws IOException {
        List<Task> tasks = new ArrayList<>();
        for (TaskPlan<?, ?, ?> each : plans) {
            tasks.add(new Reader<>(each).task());
        }
        Splits<?> splits =
                plans.get(0).data().splits().get(plan.config().seeds().get(0));
        Map<String, Integer> data = new LinkedHashMap<>();
        data.put("gold", splits.gold().size());
        data.put("weak", splits.weak().size());
        data.put("devel", splits.devel().size());
        data.put("test", splits.test().size());
        data.put("unlabelled", plan.corpus().unlabelled().size());
        return new Results(
                Results.SCHEMA,
                plan.config().name(),
                run.configHash(),
                run.commit(),
                run.build(),
                run.stages(),
                run.started(),
                run.wallSeconds(),
                run.stagesRun(),
                run.stagesReused(),
                run.peakResidentBytes(),
                run.machine(),
                plan.config().seeds(),
                data,
                plain(plan.config()),
                tasks,
                figures);
    }

    /** The configuration after overrides, as it goes into the results. */
    private static Map<String, Object> plain(ExperimentConfig config) {
        try {
            @SuppressWarnings("unchecked")
            Map<String, Object> map = JSON.treeToValue(ConfigReader.canonical(config), Map.class);
            return map;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a configuration is always writable", e);
        }
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

    /** The results of one task. */
    private final class Reader<E extends Item, L extends Labels, A> {
        private final TaskPlan<E, L, A> task;
        private final TaskKind<E, L, A> kind;
        private final String key;
        private final String metric;
        private final Map<String, Map<String, List<Double>>> values = new LinkedHashMap<>();

        Reader(TaskPlan<E, L, A> task) {
            this.task = task;
            kind = task.kind();
            key = task.data().task().key();
            metric = kind.lesson().metric();
        }

        Task task() throws IOException {
            List<TaskStages> repetitions = task.repetitions();
            for (TaskStages repetition : repetitions) {
                for (Map.Entry<String, Stage> model : repetition.evaluated().entrySet()) {
                    kind.figures(evaluation(model.getValue()))
                            .forEach((name, value) -> add(model.getKey(), name, repetition.seed(), value));
                }
                addRecovered(repetition);
            }
            TaskStages first = repetitions.get(0);
            List<Model> models = new ArrayList<>();
            for (String id : first.evaluated().keySet()) {
                Map<String, Interval> metrics = new LinkedHashMap<>();
                values.get(id).forEach((name, perSeed) -> metrics.put(name, interval(perSeed)));
                List<Object> evaluations = new ArrayList<>();
                for (TaskStages repetition : repetitions) {
                    evaluations.add(evaluation(repetition.evaluated().get(id)));
                }
                models.add(new Model(
                        id,
                        title(id),
                        role(first, id),
                        training(first.training(id)).parameters(),
                        metrics,
                        kind.reliability(evaluations)));
            }
            return new Task(key, task.data().task().title(), metric, models, curves(), unsure(first), judged());
        }

        private List<Curve> curves() throws IOException {
            List<Curve> curves = new ArrayList<>();
            if (plan.strong().stage().isPresent()) {
                Training base = training(plan.strong().stage().get());
                curves.add(curve("base", "pretrain", plan.config().strong().seed(), base));
            }
            for (TaskStages repetition : task.repetitions()) {
                for (String id : repetition.evaluated().keySet()) {
                    curves.add(curve(id, stage(repetition, id), repetition.seed(), training(repetition.training(id))));
                }
            }
            return curves;
        }

        private void addRecovered(TaskStages repetition) throws IOException {
            List<String> weakIds = List.copyOf(repetition.weak().keySet());
            double[] weak = new double[weakIds.size()];
            double[] devel = new double[weakIds.size()];
            for (int i = 0; i < weak.length; i++) {
                weak[i] = score(repetition, weakIds.get(i));
                devel[i] = labels(repetition.labels().get(weakIds.get(i))).develScore();
            }
            double ceiling = score(repetition, Gold.NAME);
            for (String id : repetition.trained().keySet()) {
                if (!id.equals(Gold.NAME)) {
                    double student = score(repetition, id);
                    add(id, "pgr_mean", repetition.seed(), Pgr.againstMean(weak, student, ceiling));
                    add(id, "pgr_best", repetition.seed(), Pgr.againstBest(weak, devel, student, ceiling));
                }
            }
        }

        private double score(TaskStages repetition, String id) throws IOException {
            return kind.figures(evaluation(repetition.evaluated().get(id))).get(metric);
        }

        private void add(String model, String name, long seed, double value) {
            values.computeIfAbsent(model, each -> new LinkedHashMap<>())
                    .computeIfAbsent(name, each -> new ArrayList<>())
                    .add(value);
            figures.add(new Figure(
                    key, model, name, seed, Double.isNaN(value) ? null : value, run.configHash(), run.commit()));
        }

        private Object evaluation(Stage stage) throws IOException {
            return StageFiles.read(store.folder(stage), StageFiles.EVALUATION, kind.evaluationType());
        }

        private L labels(Stage stage) throws IOException {
            return StageFiles.read(store.folder(stage), StageFiles.LABELS, kind.labelType());
        }

        private List<Unsure> unsure(TaskStages repetition) throws IOException {
            List<L> labels = new ArrayList<>();
            for (Stage stage : repetition.labels().values()) {
                labels.add(labels(stage));
            }
            return kind.unsure(
                    repetition.seed(),
                    labels,
                    StageFiles.read(store.folder(repetition.aggregate()), StageFiles.AGGREGATE, kind.aggregateType()),
                    task.data().splits().get(repetition.seed()).weak());
        }

        private List<Judged> judged() throws IOException {
            List<Judged> judged = new ArrayList<>();
            for (TaskStages repetition : task.repetitions()) {
                A aggregate = StageFiles.read(
                        store.folder(repetition.aggregate()), StageFiles.AGGREGATE, kind.aggregateType());
                kind.judgement(aggregate)
                        .map(found -> new Judged(
                                repetition.seed(),
                                found.on(),
                                found.items(),
                                List.copyOf(repetition.weak().keySet()),
                                Arrays.stream(found.quality()).boxed().toList(),
                                orNull(found.errorCorrelation()),
                                orNull(found.effectiveLabelers())))
                        .ifPresent(judged::add);
            }
            return judged;
        }

        private static Double orNull(double value) {
            return Double.isFinite(value) ? value : null;
        }

        private String title(String id) {
            for (WeakModel model : plan.config().weak().models()) {
                if (model.name().equals(id)) {
                    Origin origin = plan.origin(model);
                    return id + " (" + origin.layers() + "×" + origin.width() + ", " + origin.title() + ")";
                }
            }
            return member(id).map(Member::title).orElseGet(() -> new Gold().title());
        }

        private java.util.Optional<Member> member(String id) {
            return task.roster().members().stream()
                    .filter(each -> each.id().equals(id))
                    .findFirst();
        }

        private static String role(TaskStages repetition, String id) {
            return repetition.weak().containsKey(id) ? "weak" : id.equals(Gold.NAME) ? "ceiling" : "student";
        }

        private String stage(TaskStages repetition, String id) {
            return repetition.weak().containsKey(id)
                    ? "weak"
                    : member(id).filter(Member::followed).isPresent() ? "dpo" : "student";
        }
    }
}
