package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.config.ConfigException;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.Item;
import dev.chorus.data.Splits;
import dev.chorus.experiment.ExperimentConfig.Judge;
import dev.chorus.experiment.ExperimentConfig.TaskSettings;
import dev.chorus.experiment.ExperimentConfig.TextTask;
import dev.chorus.experiment.ExperimentConfig.WeakModel;
import dev.chorus.experiment.ExperimentConfig.WeakTask;
import dev.chorus.experiment.Roster.Member;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.Labels;
import dev.chorus.model.Decoder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.weights.Precision;
import dev.chorus.probe.CorrectnessProbe;
import dev.chorus.stage.Stage;
import dev.chorus.stage.StageException;
import dev.chorus.supervise.Gold;
import dev.chorus.task.ClassLesson;
import dev.chorus.train.TrainSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The stages of one task, from weak models to evaluations: the same for classes and texts but for what {@link TaskKind} says.
 *
 * @param <E> examples
 * @param <L> labels of one weak model
 * @param <A> the ensemble's view of all labels
 */
final class TaskPlan<E extends Item, L extends Labels, A> {
    private final Blueprint plan;
    private final Corpus.Part<E> data;
    private final TaskKind<E, L, A> kind;
    private final TaskSettings settings;
    private final Roster roster;
    private final WeakTask weakTask;
    private final List<TaskStages> repetitions = new ArrayList<>();

    TaskPlan(Blueprint plan, Corpus.Part<E> data, TaskKind<E, L, A> kind, Roster roster) {
        this.plan = plan;
        this.data = data;
        this.kind = kind;
        this.roster = roster;
        settings = plan.config().tasks().get(data.task().key());
        weakTask = plan.config().weak().tasks().get(data.task().key());
        for (Member member : roster.members()) {
            if (kind.longestAnswer() > 0
                    && member.teach().needsUncappedHead()
                    && plan.strong().softCap() != 0) {
                throw new ConfigException(
                        data.task().key() + ".students: '" + member.teach().name()
                                + "' teaches texts by a loss that takes no head with a soft cap, which strong.folder has ("
                                + plan.strong().softCap() + "); use another supervision, or another strong model");
            }
        }
        if (kind.lesson() instanceof ClassLesson<E> classes) {
            try {
                roster.members()
                        .forEach(each -> each.teach().check(classes.classes().size()));
            } catch (IllegalArgumentException e) {
                throw new ConfigException(data.task().key() + ".students: " + e.getMessage(), e);
            }
        }
    }

    Corpus.Part<E> data() {
        return data;
    }

    TaskKind<E, L, A> kind() {
        return kind;
    }

    Roster roster() {
        return roster;
    }

    /** One a seed, in their order. */
    List<TaskStages> repetitions() {
        return repetitions;
    }

    /** Adds one repetition's stages to the plan. */
    void repeat(long seed) {
        TaskStages stages = new TaskStages(seed);
        for (WeakModel model : plan.config().weak().models()) {
            Stage weak = weak(seed, model);
            stages.weak().put(model.name(), weak);
            stages.labels().put(model.name(), label(seed, model, weak));
            Origin origin = plan.origin(model);
            stages.evaluated()
                    .put(
                            model.name(),
                            evaluate(seed, model.name(), weak, Optional.empty(), origin.layers(), origin.width()));
        }
        if (settings.judge() != Judge.NONE) {
            for (WeakModel model : plan.config().weak().models()) {
                stages.judged()
                        .put(model.name(), judge(seed, model, stages.weak().get(model.name())));
            }
        }
        if (roster.members().stream().anyMatch(each -> each.weigh().probes())) {
            for (WeakModel model : plan.config().weak().models()) {
                stages.probed().put(model.name(), probe(seed, model, stages));
            }
        }
        if (rescores()) {
            for (WeakModel model : plan.config().weak().models()) {
                stages.rescored().put(model.name(), rescore(seed, model, stages));
            }
        }
        Stage aggregate = aggregate(seed, stages);
        students(seed, stages.with(aggregate));
        repetitions.add(stages.with(aggregate));
    }

    private void students(long seed, TaskStages stages) {
        Map<String, Stage> taught = new LinkedHashMap<>();
        for (Member member : roster.members()) {
            Member first = member.taught();
            Stage stage = taught.computeIfAbsent(first.id(), id -> student(seed, first, stages));
            stages.trained().put(member.id(), member.followed() ? preference(seed, member, stage, stages) : stage);
        }
        stages.trained().put(Gold.NAME, student(seed, Member.ofGold(Gold.NAME), null));
        Map<String, Optional<Evidence>> readouts = new LinkedHashMap<>();
        roster.members().forEach(each -> readouts.put(each.id(), each.teach().readout(each.options())));
        stages.trained().forEach((id, stage) -> stages.evaluated()
                .put(
                        id,
                        evaluate(
                                seed,
                                id,
                                stage,
                                readouts.getOrDefault(id, Optional.empty()),
                                plan.strong().layers(),
                                plan.strong().width())));
    }

    private Stage preference(long seed, Member member, Stage start, TaskStages stages) {
        return new PreferencePlan(plan, data, (TextTask) settings)
                .student(seed, member.id(), start, List.copyOf(stages.weak().values()));
    }

    private String id(String name, long seed) {
        return data.task().key() + "/" + name + "/seed-" + seed;
    }

    private Splits<E> splits(long seed) {
        return data.splits().get(seed);
    }

    private Stage weak(long seed, WeakModel model) {
        Origin origin = plan.origin(model);
        ObjectNode depends = plan.splitSettings(seed);
        depends.put("task", data.task().key());
        origin.describe(depends);
        depends.set("training", ConfigReader.canonical(weakTask));
        String id = id(model.name(), seed);
        double work = Estimates.training(
                weakTask.gold(), kind.tokens(), weakTask.train().epochs(), origin.layers(), origin.width());
        return plan.stage("weak", id, work, List.of(), depends, context -> {
            List<E> gold = splits(seed).gold().subList(0, weakTask.gold());
            long start = Teaching.seed(seed, id);
            try (ModelFolder base = origin.open(start)) {
                teach(
                        context,
                        seed,
                        id,
                        base,
                        start,
                        Member.ofGold(model.name()),
                        Teaching.Set.ofGold(gold),
                        weakTask.train());
            }
        });
    }

    private Stage label(long seed, WeakModel model, Stage trained) {
        ObjectNode depends = plan.splitSettings(seed);
        kind.describe(depends);
        Origin origin = plan.origin(model);
        ExperimentConfig.Data sizes = plan.config().data();
        double work = kind.answering()
                * Estimates.forward(sizes.weak() + sizes.develSize(), kind.tokens(), origin.layers(), origin.width());
        return plan.stage("label", id(model.name(), seed), work, List.of(trained), depends, context -> {
            try (ModelFolder folder = ModelFolder.open(context.of(trained), Precision.F32)) {
                StageFiles.write(
                        context.out(),
                        StageFiles.LABELS,
                        kind.label(
                                model.name(),
                                folder,
                                splits(seed).weak(),
                                splits(seed).devel(),
                                done -> context.progress(done, "labelling")));
            }
        });
    }

    /** Items with gold labels that no weak model of this task was taught. */
    private List<E> unseen(long seed) {
        Splits<E> splits = splits(seed);
        return settings.judge() == Judge.DEVEL
                ? splits.devel()
                : splits.gold().subList(weakTask.gold(), splits.gold().size());
    }

    private Stage judge(long seed, WeakModel model, Stage trained) {
        ObjectNode depends = plan.splitSettings(seed);
        kind.describe(depends);
        depends.put("judge", settings.judge().name()).put("taught", weakTask.gold());
        Origin origin = plan.origin(model);
        double work = kind.answering()
                * Estimates.forward(unseen(seed).size(), kind.tokens(), origin.layers(), origin.width());
        return plan.stage("label", id(model.name() + "-judged", seed), work, List.of(trained), depends, context -> {
            try (ModelFolder folder = ModelFolder.open(context.of(trained), Precision.F32)) {
                StageFiles.write(
                        context.out(),
                        StageFiles.LABELS,
                        kind.label(
                                model.name(),
                                folder,
                                unseen(seed),
                                List.of(),
                                done -> context.progress(done, "labelling what is judged")));
            }
        });
    }

    /** A classifier on a weak model's hidden states that says whether its label is right. */
    private Stage probe(long seed, WeakModel model, TaskStages stages) {
        Stage trained = stages.weak().get(model.name());
        Stage labels = stages.labels().get(model.name());
        Stage judged = stages.judged().get(model.name());
        ObjectNode depends = plan.splitSettings(seed);
        Origin origin = plan.origin(model);
        int items = plan.config().data().weak() + unseen(seed).size();
        double work = Estimates.forward(items, kind.tokens(), origin.layers(), origin.width());
        return plan.stage("probe", id(model.name(), seed), work, List.of(trained, labels, judged), depends, context -> {
            L taught = StageFiles.read(context.of(judged), StageFiles.LABELS, kind.labelType());
            L asked = StageFiles.read(context.of(labels), StageFiles.LABELS, kind.labelType());
            try (ModelFolder folder = ModelFolder.open(context.of(trained), Precision.F32)) {
                CorrectnessProbe probe = CorrectnessProbe.fit(
                        kind.states(folder, unseen(seed), taught), kind.right(taught, unseen(seed)));
                context.progress(0.5, "probing");
                double[] right = probe.predict(kind.states(folder, splits(seed).weak(), asked));
                StageFiles.write(context.out(), StageFiles.RIGHT, new StageFiles.Right(right, probe.penalty()));
            }
        });
    }

    private boolean rescores() {
        return kind.longestAnswer() > 0
                && roster.members().stream().anyMatch(each -> each.teach().rescores());
    }

    /** One weak model's scores of all weak models' texts. */
    private Stage rescore(long seed, WeakModel model, TaskStages stages) {
        Stage trained = stages.weak().get(model.name());
        List<Stage> labels = List.copyOf(stages.labels().values());
        List<Stage> inputs = new ArrayList<>(labels);
        inputs.add(trained);
        Origin origin = plan.origin(model);
        double work = stages.labels().size()
                * Estimates.forward(plan.config().data().weak(), kind.tokens(), origin.layers(), origin.width());
        return plan.stage("rescore", id(model.name(), seed), work, inputs, plan.splitSettings(seed), context -> {
            try (ModelFolder folder = ModelFolder.open(context.of(trained), Precision.F32)) {
                StageFiles.write(
                        context.out(),
                        StageFiles.SCORES,
                        new StageFiles.Scores(kind.rescore(folder, splits(seed).weak(), labels(context, labels))));
            }
        });
    }

    private Stage aggregate(long seed, TaskStages stages) {
        List<Stage> labels = List.copyOf(stages.labels().values());
        List<Stage> judged = List.copyOf(stages.judged().values());
        List<Stage> inputs = new ArrayList<>(labels);
        inputs.addAll(judged);
        ObjectNode depends = plan.splitSettings(seed);
        depends.set("aggregator", ConfigReader.canonical(settings.aggregator()));
        return plan.stage(
                "aggregate",
                id("ensemble", seed),
                0.1,
                inputs,
                depends,
                context -> StageFiles.write(
                        context.out(),
                        StageFiles.AGGREGATE,
                        kind.aggregate(
                                labels(context, labels),
                                judged.isEmpty() ? null : judged(seed, labels(context, judged)),
                                roster.aggregator())));
    }

    private Judged<E, L> judged(long seed, List<L> labels) {
        return new Judged<>(settings.judge().name().toLowerCase(Locale.ROOT), unseen(seed), labels);
    }

    /** A student of all labels, or of gold where there are no stages to learn from. */
    private Stage student(long seed, Member member, TaskStages from) {
        ObjectNode depends = plan.splitSettings(seed);
        depends.put("student", member.id());
        depends.set("training", ConfigReader.canonical(settings.train()));
        plan.strong().describe(depends);
        if (member.options() != null) {
            depends.set("options", ConfigReader.canonical(member.options()));
        }
        if (member.weighing() != null) {
            depends.set("weighing", ConfigReader.canonical(member.weighing()));
        }
        List<Stage> labels =
                from == null ? List.of() : List.copyOf(from.labels().values());
        List<Stage> inputs = new ArrayList<>(labels);
        inputs.addAll(plan.strong().inputs());
        if (from != null) {
            inputs.add(from.aggregate());
        }
        List<Stage> probed = from != null && member.weigh().probes()
                ? List.copyOf(from.probed().values())
                : List.of();
        inputs.addAll(probed);
        List<Stage> rescored = from != null && member.teach().rescores()
                ? List.copyOf(from.rescored().values())
                : List.of();
        inputs.addAll(rescored);
        double work = Estimates.training(
                plan.config().data().weak(),
                kind.tokens(),
                settings.train().epochs(),
                plan.strong().layers(),
                plan.strong().width());
        return plan.stage("student", id(member.id(), seed), work, inputs, depends, context -> {
            Teaching.Set<E, L, A> set = from == null
                    ? Teaching.Set.ofGold(splits(seed).weak())
                    : set(
                            seed,
                            member,
                            labels(context, labels),
                            context.of(from.aggregate()),
                            right(context, probed),
                            scores(context, rescored));
            long start = Teaching.seed(seed, "student");
            try (ModelFolder base = plan.strong().open(context, Teaching.seed(seed, "adapter"))) {
                teach(context, seed, "student", base, start, member, set, settings.train());
            }
        });
    }

    private Teaching.Set<E, L, A> set(
            long seed, Member member, List<L> labels, Path folder, double[][] right, double[][][] scores)
            throws IOException {
        A aggregate = StageFiles.read(folder, StageFiles.AGGREGATE, kind.aggregateType());
        try {
            return new Teaching.Set<>(
                    splits(seed).weak(),
                    labels,
                    aggregate,
                    scores,
                    member.weigh().weights(kind.answers(labels, aggregate, right), member.weighing()));
        } catch (IllegalArgumentException e) {
            throw new StageException(data.task().key() + "." + e.getMessage(), e);
        }
    }

    /** [W][N][C] of the weak models' texts; null where they are not rescored. */
    private static double[][][] scores(Stage.Context context, List<Stage> rescored) throws IOException {
        if (rescored.isEmpty()) {
            return null;
        }
        double[][][] scores = new double[rescored.size()][][];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = StageFiles.read(context.of(rescored.get(i)), StageFiles.SCORES, StageFiles.Scores.class)
                    .means();
        }
        return scores;
    }

    /** [W][N] of the probes; null where there are none. */
    private static double[][] right(Stage.Context context, List<Stage> probed) throws IOException {
        if (probed.isEmpty()) {
            return null;
        }
        double[][] right = new double[probed.size()][];
        for (int i = 0; i < right.length; i++) {
            right[i] = StageFiles.read(context.of(probed.get(i)), StageFiles.RIGHT, StageFiles.Right.class)
                    .probabilities();
        }
        return right;
    }

    private void teach(
            Stage.Context context,
            long seed,
            String purpose,
            ModelFolder base,
            long start,
            Member member,
            Teaching.Set<E, L, A> set,
            TrainSettings train)
            throws IOException {
        Decoder prepared = kind.prepare(base.decoder(), start);
        try {
            ModelFolder model = new ModelFolder(prepared, base.tokenizer());
            Teaching.run(
                    context,
                    model,
                    set.examples().size(),
                    kind.objective(member.teach(), member.options(), model, set),
                    train,
                    Teaching.seed(seed, purpose),
                    kind.devel(model, splits(seed).devel()).orElse(null),
                    plan.catalog());
        } finally {
            if (prepared != base.decoder()) {
                prepared.close();
            }
        }
    }

    private Stage evaluate(long seed, String name, Stage trained, Optional<Evidence> readout, int layers, int width) {
        ObjectNode depends = plan.splitSettings(seed);
        kind.describe(depends);
        depends.put("readout", readout.map(Evidence::name).orElse("softmax"));
        int examples = splits(seed).test().size();
        double work = kind.answering() * Estimates.forward(examples, kind.tokens(), layers, width);
        return plan.stage("evaluate", id(name, seed), work, List.of(trained), depends, context -> {
            try (ModelFolder folder = ModelFolder.open(context.of(trained), Precision.F32)) {
                StageFiles.write(
                        context.out(),
                        StageFiles.EVALUATION,
                        kind.evaluate(
                                folder, readout, splits(seed).test(), done -> context.progress(done, "answering")));
            }
        });
    }

    private List<L> labels(Stage.Context context, List<Stage> stages) throws IOException {
        List<L> labels = new ArrayList<>();
        for (Stage stage : stages) {
            labels.add(StageFiles.read(context.of(stage), StageFiles.LABELS, kind.labelType()));
        }
        return labels;
    }
}
