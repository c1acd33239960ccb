package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.Example;
import dev.chorus.ensemble.EnsemblePreferences;
import dev.chorus.experiment.StageFiles.Pair;
import dev.chorus.experiment.StageFiles.Pairs;
import dev.chorus.loss.ConservativeDpoLoss;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.batch.Sequence;
import dev.chorus.stage.Stage;
import dev.chorus.stage.StageException;
import dev.chorus.supervise.PreferenceObjective;
import dev.chorus.task.SentencePrompt;
import dev.chorus.task.slurp.SlotModel;
import dev.chorus.train.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The preference stage: pairs from the student's own candidates, ranked by the weak models; then DPO on them. */
final class PreferenceStages {
    private final Blueprint plan;
    private final ExperimentConfig.Slots task;
    private final ExperimentConfig.Dpo dpo;

    PreferenceStages(Blueprint plan) {
        this.plan = plan;
        this.task = plan.config().slots();
        this.dpo = task.dpo();
    }

    /** Adds both stages; policy and reference start as the given student. */
    Stage student(long seed, Stage start, List<Stage> weak) {
        Stage pairs = prefer(seed, start, weak);
        ObjectNode settings = plan.splitSettings(seed);
        settings.put("student", SlotStages.DPO);
        settings.set("dpo", ConfigReader.canonical(dpo));
        double work = Blueprint.trainingWork(
                dpo.prompts(),
                2 * (Blueprint.PROMPT_TOKENS + Blueprint.ANSWER_TOKENS),
                dpo.train().epochs(),
                plan.strong().layers(),
                plan.strong().width());
        return plan.stage(
                "student", SlotStages.id(SlotStages.DPO, seed), work, List.of(start, pairs), settings, context -> {
                    List<Pair> found = StageFiles.read(context.of(pairs), StageFiles.PAIRS, Pairs.class)
                            .pairs();
                    if (found.isEmpty()) {
                        throw new StageException(
                                "no preference pair: every candidate list was empty, equal or tied; raise slots.dpo.prompts"
                                        + " or candidates",
                                null);
                    }
                    try (ModelFolder policy =
                            plan.strong().openToTeach(context.of(start), Blueprint.seed(seed, "dpo-adapter"))) {
                        List<PreferenceObjective.Pair> all =
                                pairs(policy, plan.splits(seed).weak(), found);
                        List<Trainer.CurvePoint> curve = new Trainer(
                                        policy.decoder().parameters(), dpo.train(), Blueprint.seed(seed, "dpo"))
                                .run(
                                        all.size(),
                                        new PreferenceObjective(
                                                policy.decoder(),
                                                all,
                                                new ConservativeDpoLoss(dpo.beta(), dpo.epsilon())),
                                        null,
                                        Blueprint.steps(context, 1));
                        Blueprint.save(context.out(), policy.decoder(), policy.tokenizer(), all.size(), curve);
                    }
                });
    }

    private Stage prefer(long seed, Stage start, List<Stage> weak) {
        ObjectNode settings = plan.splitSettings(seed);
        settings.put("prompts", dpo.prompts())
                .put("candidates", dpo.candidates())
                .put("max_tokens", task.maxTokens());
        List<Stage> inputs = new ArrayList<>(weak);
        inputs.add(start);
        double work = SlotStages.generationWork(
                dpo.prompts(), plan.strong().layers(), plan.strong().width(), dpo.candidates());
        return plan.stage("prefer", SlotStages.id("pairs", seed), work, inputs, settings, context -> {
            List<Example> all = plan.splits(seed).weak();
            List<Example> prompts = all.subList(0, Math.min(dpo.prompts(), all.size()));
            EnsemblePreferences preferences = new EnsemblePreferences(prompts);
            try (ModelFolder student = ModelFolder.load(context.of(start))) {
                preferences.generate(
                        new SlotModel(student, dpo.candidates(), task.maxTokens()),
                        done -> context.progress(0.6 * done, "candidates"));
            }
            for (Stage stage : weak) {
                try (ModelFolder folder = ModelFolder.load(context.of(stage))) {
                    preferences.score(new SlotModel(folder, 1, task.maxTokens()));
                }
                context.progress(0.8, "scoring");
            }
            write(context, preferences, prompts.size());
        });
    }

    private static void write(Stage.Context context, EnsemblePreferences preferences, int prompts) throws IOException {
        List<Pair> pairs = preferences.pairs().stream()
                .map(pair -> new Pair(
                        pair.item(),
                        pair.chosen().tokens(),
                        pair.rejected().tokens(),
                        pair.chosen().sumLogp(),
                        pair.rejected().sumLogp()))
                .toList();
        StageFiles.write(context.out(), StageFiles.PAIRS, new Pairs(pairs, prompts - pairs.size()));
    }

    private static List<PreferenceObjective.Pair> pairs(ModelFolder policy, List<Example> weak, List<Pair> found) {
        List<PreferenceObjective.Pair> pairs = new ArrayList<>();
        for (Pair pair : found) {
            int[] prompt = SentencePrompt.encode(
                    policy.tokenizer(), weak.get(pair.item()).sentence());
            pairs.add(new PreferenceObjective.Pair(
                    Sequence.of(prompt, pair.chosen()),
                    Sequence.of(prompt, pair.rejected()),
                    pair.referenceChosen(),
                    pair.referenceRejected()));
        }
        return pairs;
    }
}
