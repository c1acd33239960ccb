package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.aggregate.BestSingle;
import dev.chorus.aggregate.TextVotes;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.Example;
import dev.chorus.eval.Entity;
import dev.chorus.eval.SluF1;
import dev.chorus.experiment.ExperimentConfig.WeakModel;
import dev.chorus.experiment.StageFiles.SlotEvaluation;
import dev.chorus.experiment.StageFiles.TextAggregate;
import dev.chorus.labels.TextLabels;
import dev.chorus.model.Decoder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.batch.Sequence;
import dev.chorus.stage.Stage;
import dev.chorus.supervise.BridgedObjective;
import dev.chorus.supervise.BridgedTargets;
import dev.chorus.task.SentencePrompt;
import dev.chorus.task.slurp.SlotModel;
import dev.chorus.task.slurp.SlotText;
import dev.chorus.text.Tokenizer;
import dev.chorus.train.LanguageModelObjective;
import dev.chorus.train.Objective;
import dev.chorus.train.TrainSettings;
import dev.chorus.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.DoubleConsumer;

/** The stages of slot filling as generation, from weak models to evaluations. */
final class SlotStages {
    static final String DPO = "naive-dpo";

    private static final int SEQUENCE_TOKENS = Blueprint.PROMPT_TOKENS + Blueprint.ANSWER_TOKENS;

    private final Blueprint plan;
    private final ExperimentConfig config;
    private final ExperimentConfig.Slots task;
    private final SlotText slots;

    SlotStages(Blueprint plan) {
        this.plan = plan;
        this.config = plan.config();
        this.task = config.slots();
        this.slots = plan.corpus().slots();
    }

    /** Adds one repetition to the plan. */
    TaskStages repetition(long seed) {
        Map<String, Stage> weak = TaskStages.ordered();
        Map<String, Stage> trained = TaskStages.ordered();
        Map<String, Stage> evaluated = TaskStages.ordered();
        List<Stage> labels = new ArrayList<>();
        for (WeakModel model : config.weak().models()) {
            Stage stage = weak(seed, model);
            weak.put(model.name(), stage);
            labels.add(label(seed, model, stage));
            evaluated.put(
                    model.name(),
                    evaluate(
                            seed,
                            model.name(),
                            stage,
                            plan.origin(model).layers(),
                            plan.origin(model).width()));
        }
        Stage aggregate = aggregate(seed, labels);
        for (String student : task.students()) {
            trained.put(student, student(seed, student, labels, aggregate));
        }
        if (task.dpo() != null) {
            PreferenceStages preferences = new PreferenceStages(plan);
            trained.put(DPO, preferences.student(seed, trained.get("naive"), List.copyOf(weak.values())));
        }
        trained.put(TaskStages.CEILING, student(seed, TaskStages.CEILING, List.of(), null));
        trained.forEach((id, stage) -> evaluated.put(
                id,
                evaluate(seed, id, stage, plan.strong().layers(), plan.strong().width())));
        return new TaskStages(seed, weak, labels, aggregate, trained, evaluated);
    }

    static String id(String name, long seed) {
        return "slots/" + name + "/seed-" + seed;
    }

    private Stage weak(long seed, WeakModel model) {
        ExperimentConfig.WeakTask weakTask = config.weak().slots();
        ObjectNode settings = plan.splitSettings(seed);
        Origin origin = plan.origin(model);
        settings.put("task", "slots");
        origin.describe(settings);
        settings.set("training", ConfigReader.canonical(weakTask));
        String id = id(model.name(), seed);
        double work = Blueprint.trainingWork(
                weakTask.gold(), SEQUENCE_TOKENS, weakTask.train().epochs(), origin.layers(), origin.width());
        return plan.stage("weak", id, work, List.of(), settings, context -> {
            List<Example> gold = plan.splits(seed).gold().subList(0, weakTask.gold());
            try (ModelFolder base = origin.open(Blueprint.seed(seed, id))) {
                train(
                        context,
                        seed,
                        id,
                        base.decoder(),
                        base.tokenizer(),
                        gold.size(),
                        weakTask.train(),
                        (d, t) -> new LanguageModelObjective(d, SlotModel.goldSequences(t, gold)));
            }
        });
    }

    private Stage label(long seed, WeakModel model, Stage trained) {
        ObjectNode settings = plan.splitSettings(seed);
        settings.put("beams", task.beams()).put("max_tokens", task.maxTokens());
        double work = generationWork(
                config.data().weak() + config.data().develSize(),
                plan.origin(model).layers(),
                plan.origin(model).width(),
                task.beams());
        return plan.stage("label", id(model.name(), seed), work, List.of(trained), settings, context -> {
            List<Example> weak = plan.splits(seed).weak();
            try (ModelFolder folder = ModelFolder.load(context.of(trained))) {
                SlotModel writer = new SlotModel(folder, task.beams(), task.maxTokens());
                StageFiles.write(
                        context.out(),
                        StageFiles.LABELS,
                        new TextLabels(
                                model.name(),
                                weak.stream().map(Example::id).toList(),
                                writer.label(weak, done -> context.progress(0.8 * done, "labelling")),
                                writer.sluF1(plan.splits(seed).devel(), slots)));
            }
        });
    }

    private Stage aggregate(long seed, List<Stage> labels) {
        return plan.stage("aggregate", id("ensemble", seed), 0.1, labels, plan.splitSettings(seed), context -> {
            List<TextLabels> all = labels(context, labels);
            int best = BestSingle.index(
                    all.stream().mapToDouble(TextLabels::develScore).toArray());
            int items = all.get(0).nBest().size();
            List<String> winner = new ArrayList<>();
            double[] entropy = new double[items];
            double[] meanLogp = new double[items];
            for (int n = 0; n < items; n++) {
                List<String> votes = new ArrayList<>();
                for (TextLabels each : all) {
                    TextLabels.TextLabel top = each.nBest().get(n).get(0);
                    votes.add(top.text());
                    meanLogp[n] += top.meanLogp() / all.size();
                }
                entropy[n] = TextVotes.entropy(votes);
                winner.add(TextVotes.winner(votes).orElseThrow());
            }
            StageFiles.write(context.out(), StageFiles.AGGREGATE, new TextAggregate(best, winner, entropy, meanLogp));
        });
    }

    private Stage student(long seed, String student, List<Stage> labels, Stage aggregate) {
        ObjectNode settings = plan.splitSettings(seed);
        settings.put("student", student);
        settings.set("training", ConfigReader.canonical(task.train()));
        List<Stage> inputs = new ArrayList<>(labels);
        inputs.addAll(plan.strong().inputs());
        plan.strong().describe(settings);
        if (aggregate != null) {
            inputs.add(aggregate);
        }
        double work = Blueprint.trainingWork(
                config.data().weak(),
                SEQUENCE_TOKENS,
                task.train().epochs(),
                plan.strong().layers(),
                plan.strong().width());
        return plan.stage("student", id(student, seed), work, inputs, settings, context -> {
            List<Example> weak = plan.splits(seed).weak();
            List<TextLabels> all = labels(context, labels);
            int best = aggregate == null
                    ? -1
                    : StageFiles.read(context.of(aggregate), StageFiles.AGGREGATE, TextAggregate.class)
                            .best();
            try (ModelFolder base = plan.strong().open(context, Blueprint.seed(seed, "adapter"))) {
                BiFunction<Decoder, Tokenizer, Objective> objective =
                        switch (student) {
                            case "best" -> (d, t) -> new LanguageModelObjective(d, sequences(t, weak, all.get(best)));
                            case "naive" -> (d, t) -> new BridgedObjective(d, BridgedTargets.of(t, weak, all));
                            default -> (d, t) -> new LanguageModelObjective(d, SlotModel.goldSequences(t, weak));
                        };
                train(context, seed, "student", base.decoder(), base.tokenizer(), weak.size(), task.train(), objective);
            }
        });
    }

    private Stage evaluate(long seed, String name, Stage trained, int layers, int width) {
        ObjectNode settings = plan.splitSettings(seed);
        settings.put("beams", task.beams()).put("max_tokens", task.maxTokens());
        double work = generationWork(3000, layers, width, task.beams());
        return plan.stage("evaluate", id(name, seed), work, List.of(trained), settings, context -> {
            List<Example> test = plan.splits(seed).test();
            try (ModelFolder folder = ModelFolder.load(context.of(trained))) {
                DoubleConsumer progress = done -> context.progress(done, "generating");
                List<List<Entity>> answers =
                        new SlotModel(folder, task.beams(), task.maxTokens()).entities(test, slots, progress);
                SluF1 score = SluF1.corpus(test.stream().map(Example::entities).toList(), answers);
                StageFiles.write(
                        context.out(),
                        StageFiles.EVALUATION,
                        new SlotEvaluation(
                                score.slu().f1(),
                                score.slu().precision(),
                                score.slu().recall(),
                                score.word().f1(),
                                score.character().f1(),
                                score.exact().f1()));
            }
        });
    }

    /** Generation is a step a token, whose small matrices cost several times their arithmetic. */
    static double generationWork(int sentences, int layers, int width, int beams) {
        return 3 * beams * Blueprint.generationWork(sentences, SEQUENCE_TOKENS, layers, width);
    }

    private static void train(
            Stage.Context context,
            long seed,
            String purpose,
            Decoder decoder,
            Tokenizer tokenizer,
            int examples,
            TrainSettings settings,
            BiFunction<Decoder, Tokenizer, Objective> objective)
            throws IOException {
        List<Trainer.CurvePoint> curve = new Trainer(decoder.parameters(), settings, Blueprint.seed(seed, purpose))
                .run(examples, objective.apply(decoder, tokenizer), null, Blueprint.steps(context, 1));
        Blueprint.save(context.out(), decoder, tokenizer, examples, curve);
    }

    /** Teacher forcing on a weak model's best text. */
    private static List<Sequence> sequences(Tokenizer tokenizer, List<Example> examples, TextLabels labels) {
        List<Sequence> sequences = new ArrayList<>();
        for (int n = 0; n < examples.size(); n++) {
            sequences.add(Sequence.of(
                    SentencePrompt.encode(tokenizer, examples.get(n).sentence()),
                    SentencePrompt.completion(
                            tokenizer, labels.nBest().get(n).get(0).text())));
        }
        return sequences;
    }

    static List<TextLabels> labels(Stage.Context context, List<Stage> stages) throws IOException {
        List<TextLabels> labels = new ArrayList<>();
        for (Stage stage : stages) {
            Path folder = context.of(stage);
            labels.add(StageFiles.read(folder, StageFiles.LABELS, TextLabels.class));
        }
        return labels;
    }
}
