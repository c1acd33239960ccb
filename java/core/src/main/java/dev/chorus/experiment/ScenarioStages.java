package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.aggregate.BestSingle;
import dev.chorus.aggregate.DirichletPosterior;
import dev.chorus.aggregate.DirichletUncertainty;
import dev.chorus.aggregate.SoftAverage;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.Example;
import dev.chorus.eval.Accuracy;
import dev.chorus.eval.Calibration;
import dev.chorus.experiment.ExperimentConfig.WeakModel;
import dev.chorus.experiment.StageFiles.ClassAggregate;
import dev.chorus.experiment.StageFiles.ClassEvaluation;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.ClassLabels;
import dev.chorus.loss.EvidentialClassLoss;
import dev.chorus.loss.SoftCrossEntropyLoss;
import dev.chorus.math.Argmax;
import dev.chorus.model.Decoder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.stage.Stage;
import dev.chorus.task.slurp.ScenarioModel;
import dev.chorus.text.Tokenizer;
import dev.chorus.train.ClassificationObjective.ClassLoss;
import dev.chorus.train.ClassificationObjective;
import dev.chorus.train.TrainSettings;
import dev.chorus.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The stages of scenario classification, from weak models to evaluations. */
final class ScenarioStages {
    private static final int CALIBRATION_BINS = 10;

    private final Blueprint plan;
    private final ExperimentConfig config;
    private final List<String> classes;

    ScenarioStages(Blueprint plan) {
        this.plan = plan;
        this.config = plan.config();
        this.classes = plan.corpus().classes();
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
            evaluated.put(model.name(), evaluate(seed, model.name(), stage, null));
        }
        Stage aggregate = aggregate(seed, labels);
        for (String student : config.scenario().students()) {
            trained.put(student, student(seed, student, labels, aggregate));
        }
        trained.put(TaskStages.CEILING, student(seed, TaskStages.CEILING, List.of(), null));
        trained.forEach((id, stage) -> evaluated.put(
                id,
                evaluate(
                        seed,
                        id,
                        stage,
                        id.equals("bayesian") ? config.scenario().bayesian().evidence() : null)));
        return new TaskStages(seed, weak, labels, aggregate, trained, evaluated);
    }

    private static String id(String name, long seed) {
        return "scenario/" + name + "/seed-" + seed;
    }

    private Stage weak(long seed, WeakModel model) {
        ExperimentConfig.WeakTask task = config.weak().scenario();
        ObjectNode settings = plan.splitSettings(seed);
        Origin origin = plan.origin(model);
        settings.put("task", "scenario");
        origin.describe(settings);
        settings.set("training", ConfigReader.canonical(task));
        String id = id(model.name(), seed);
        double work = Blueprint.trainingWork(
                task.gold(), Blueprint.PROMPT_TOKENS, task.train().epochs(), origin.layers(), origin.width());
        return plan.stage("weak", id, work, List.of(), settings, context -> {
            List<Example> gold = plan.splits(seed).gold().subList(0, task.gold());
            long start = Blueprint.seed(seed, id);
            try (ModelFolder base = origin.open(start);
                    Decoder decoder = base.decoder().withClassificationHead(classes.size(), start)) {
                train(context, seed, id, decoder, base.tokenizer(), gold, onGold(gold), task.train());
            }
        });
    }

    private Stage label(long seed, WeakModel model, Stage trained) {
        ObjectNode settings = plan.splitSettings(seed);
        double work = Blueprint.generationWork(
                config.data().weak() + config.data().develSize(),
                Blueprint.PROMPT_TOKENS,
                plan.origin(model).layers(),
                plan.origin(model).width());
        return plan.stage("label", id(model.name(), seed), work, List.of(trained), settings, context -> {
            List<Example> weak = plan.splits(seed).weak();
            try (ModelFolder folder = ModelFolder.load(context.of(trained))) {
                ScenarioModel scenario = new ScenarioModel(folder, classes, null);
                StageFiles.write(
                        context.out(),
                        StageFiles.LABELS,
                        new ClassLabels(
                                model.name(),
                                weak.stream().map(Example::id).toList(),
                                scenario.probabilities(weak),
                                scenario.accuracy(plan.splits(seed).devel())));
            }
        });
    }

    private Stage aggregate(long seed, List<Stage> labels) {
        return plan.stage("aggregate", id("ensemble", seed), 0.1, labels, plan.splitSettings(seed), context -> {
            List<ClassLabels> all = labels(context, labels);
            int best = BestSingle.index(
                    all.stream().mapToDouble(ClassLabels::develScore).toArray());
            int items = all.get(0).probabilities().length;
            double[][] mean = new double[items][];
            double[] uncertainty = new double[items];
            for (int n = 0; n < items; n++) {
                double[][] answers = answers(all, n);
                mean[n] = SoftAverage.of(answers).orElseThrow();
                DirichletPosterior posterior = DirichletPosterior.fromSoftLabels(
                        answers, DirichletPosterior.symmetricPrior(classes.size(), 1.0 / classes.size()));
                uncertainty[n] = DirichletUncertainty.of(posterior).total();
            }
            StageFiles.write(context.out(), StageFiles.AGGREGATE, new ClassAggregate(best, mean, uncertainty));
        });
    }

    private Stage student(long seed, String student, List<Stage> labels, Stage aggregate) {
        ExperimentConfig.Scenario task = config.scenario();
        ObjectNode settings = plan.splitSettings(seed);
        settings.put("student", student);
        settings.set("training", ConfigReader.canonical(task.train()));
        List<Stage> inputs = new ArrayList<>(labels);
        inputs.addAll(plan.strong().inputs());
        plan.strong().describe(settings);
        if (aggregate != null) {
            inputs.add(aggregate);
        }
        if (student.equals("bayesian")) {
            settings.set("bayesian", ConfigReader.canonical(task.bayesian()));
        }
        String id = id(student, seed);
        double work = Blueprint.trainingWork(
                config.data().weak(),
                Blueprint.PROMPT_TOKENS,
                task.train().epochs(),
                plan.strong().layers(),
                plan.strong().width());
        return plan.stage("student", id, work, inputs, settings, context -> {
            List<Example> weak = plan.splits(seed).weak();
            ClassLoss loss = aggregate == null
                    ? onGold(weak)
                    : loss(
                            student,
                            labels(context, labels),
                            StageFiles.read(context.of(aggregate), StageFiles.AGGREGATE, ClassAggregate.class));
            long start = Blueprint.seed(seed, "student");
            try (ModelFolder base = plan.strong().open(context, start);
                    Decoder decoder = base.decoder().withClassificationHead(classes.size(), start)) {
                train(context, seed, "student", decoder, base.tokenizer(), weak, loss, task.train());
            }
        });
    }

    private Stage evaluate(long seed, String name, Stage trained, Evidence evidence) {
        ObjectNode settings = plan.splitSettings(seed);
        settings.put("evidence", String.valueOf(evidence));
        double work = Blueprint.generationWork(
                3000, Blueprint.PROMPT_TOKENS, 2, plan.strong().width());
        return plan.stage("evaluate", id(name, seed), work, List.of(trained), settings, context -> {
            List<Example> test = plan.splits(seed).test();
            int[] gold = ScenarioModel.gold(test, classes);
            try (ModelFolder folder = ModelFolder.load(context.of(trained))) {
                double[][] rows = new ScenarioModel(folder, classes, evidence).probabilities(test);
                Calibration calibration = Calibration.of(rows, gold, CALIBRATION_BINS);
                double[] confidence = new double[gold.length];
                boolean[] correct = new boolean[gold.length];
                for (int n = 0; n < gold.length; n++) {
                    int predicted = Argmax.of(rows[n]);
                    confidence[n] = rows[n][predicted];
                    correct[n] = predicted == gold[n];
                }
                StageFiles.write(
                        context.out(),
                        StageFiles.EVALUATION,
                        new ClassEvaluation(
                                Accuracy.of(rows, gold), calibration.ece(), calibration.brier(), confidence, correct));
            }
        });
    }

    private void train(
            Stage.Context context,
            long seed,
            String purpose,
            Decoder decoder,
            Tokenizer tokenizer,
            List<Example> examples,
            ClassLoss loss,
            TrainSettings settings)
            throws IOException {
        ScenarioModel scenario = new ScenarioModel(new ModelFolder(decoder, tokenizer), classes, null);
        List<Example> devel = plan.splits(seed).devel();
        List<Trainer.CurvePoint> curve = new Trainer(decoder.parameters(), settings, Blueprint.seed(seed, purpose))
                .run(
                        examples.size(),
                        new ClassificationObjective(decoder, ScenarioModel.inputs(tokenizer, examples), loss),
                        () -> scenario.accuracy(devel),
                        Blueprint.steps(context, 1));
        Blueprint.save(context.out(), decoder, tokenizer, examples.size(), curve);
    }

    private ClassLoss onGold(List<Example> examples) {
        int[] gold = ScenarioModel.gold(examples, classes);
        return (logits, batch) -> {
            double[][] labels = new double[batch.items().length][classes.size()];
            for (int i = 0; i < labels.length; i++) {
                labels[i][gold[batch.items()[i]]] = 1;
            }
            return SoftCrossEntropyLoss.of(logits, labels);
        };
    }

    private ClassLoss loss(String student, List<ClassLabels> labels, ClassAggregate aggregate) {
        if (student.equals("bayesian")) {
            EvidentialClassLoss evidential = new EvidentialClassLoss(
                    config.scenario().bayesian().evidence(),
                    config.scenario().bayesian().klWeight());
            return (logits, batch) -> {
                double[][][] answers = new double[batch.items().length][][];
                for (int i = 0; i < answers.length; i++) {
                    answers[i] = answers(labels, batch.items()[i]);
                }
                return evidential.of(logits, answers, batch.progress());
            };
        }
        double[][] rows = student.equals("naive")
                ? aggregate.mean()
                : labels.get(aggregate.best()).probabilities();
        return (logits, batch) -> {
            double[][] targets = new double[batch.items().length][];
            for (int i = 0; i < targets.length; i++) {
                targets[i] = rows[batch.items()[i]];
            }
            return SoftCrossEntropyLoss.of(logits, targets);
        };
    }

    private static double[][] answers(List<ClassLabels> labels, int item) {
        return labels.stream().map(each -> each.probabilities()[item]).toArray(double[][]::new);
    }

    static List<ClassLabels> labels(Stage.Context context, List<Stage> stages) throws IOException {
        List<ClassLabels> labels = new ArrayList<>();
        for (Stage stage : stages) {
            Path folder = context.of(stage);
            labels.add(StageFiles.read(folder, StageFiles.LABELS, ClassLabels.class));
        }
        return labels;
    }
}
