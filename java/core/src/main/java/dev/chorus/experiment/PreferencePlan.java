package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.Item;
import dev.chorus.ensemble.EnsemblePreferences;
import dev.chorus.experiment.ExperimentConfig.PairUse;
import dev.chorus.experiment.StageFiles.Pair;
import dev.chorus.experiment.StageFiles.Pairs;
import dev.chorus.labels.ItemWeights;
import dev.chorus.loss.ConservativeDpoLoss;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.weights.Precision;
import dev.chorus.stage.Stage;
import dev.chorus.stage.StageException;
import dev.chorus.supervise.ModelWeights;
import dev.chorus.supervise.PairConfidence;
import dev.chorus.supervise.PreferenceObjective;
import dev.chorus.supervise.ReferenceLogps;
import dev.chorus.task.SentencePrompt;
import dev.chorus.task.TextModel;
import java.util.ArrayList;
import java.util.List;

/** The preference stages: pairs from a student's own candidates, ranked by the weak models; then DPO on them. */
final class PreferencePlan {
    private final Blueprint plan;
    private final Corpus.Part<? extends Item> data;
    private final ExperimentConfig.TextTask task;
    private final ExperimentConfig.Dpo dpo;

    PreferencePlan(Blueprint plan, Corpus.Part<? extends Item> data, ExperimentConfig.TextTask task) {
        this.plan = plan;
        this.data = data;
        this.task = task;
        this.dpo = task.dpo();
    }

    /**
     * Adds both stages; policy and reference start as the given student.
     *
     * @param id of the student after them
     */
    Stage student(long seed, String id, Stage start, List<Stage> weak) {
        Stage pairs = prefer(seed, id, start, weak);
        ObjectNode depends = plan.splitSettings(seed);
        depends.put("student", id);
        depends.set("dpo", ConfigReader.canonical(dpo));
        // Precision and adapter of the policy.
        plan.strong().describe(depends);
        double work = Estimates.training(
                dpo.prompts(),
                2 * (Estimates.PROMPT_TOKENS + Estimates.ANSWER_TOKENS),
                dpo.train().epochs(),
                plan.strong().layers(),
                plan.strong().width());
        return plan.stage("student", name(id, seed), work, List.of(start, pairs), depends, context -> {
            List<Pair> found = StageFiles.read(context.of(pairs), StageFiles.PAIRS, Pairs.class)
                    .pairs();
            if (found.isEmpty()) {
                throw new StageException(
                        "no preference pair: every candidate list was empty, equal or tied; raise "
                                + data.task().key() + ".dpo.prompts or candidates",
                        null);
            }
            try (ModelFolder policy =
                    plan.strong().openToTeach(context.of(start), Teaching.seed(seed, "dpo-adapter"))) {
                Teaching.run(
                        context,
                        policy,
                        found.size(),
                        new PreferenceObjective(
                                pairs(policy, data.splits().get(seed).weak(), found),
                                weights(found),
                                flips(found),
                                new ConservativeDpoLoss(dpo.beta(), dpo.epsilon())),
                        dpo.train(),
                        Teaching.seed(seed, "dpo"),
                        null,
                        plan.catalog());
            }
        });
    }

    private String name(String id, long seed) {
        return data.task().key() + "/" + id + "/seed-" + seed;
    }

    private Stage prefer(long seed, String id, Stage start, List<Stage> weak) {
        ObjectNode depends = plan.splitSettings(seed);
        depends.put("prompts", dpo.prompts())
                .put("candidates", dpo.candidates())
                .put("max_tokens", task.maxTokens());
        List<Stage> inputs = new ArrayList<>(weak);
        inputs.add(start);
        double work = 3
                * dpo.candidates()
                * Estimates.forward(
                        dpo.prompts(),
                        Estimates.PROMPT_TOKENS + Estimates.ANSWER_TOKENS,
                        plan.strong().layers(),
                        plan.strong().width());
        return plan.stage("prefer", name(id + "-pairs", seed), work, inputs, depends, context -> {
            List<? extends Item> all = data.splits().get(seed).weak();
            List<? extends Item> prompts = all.subList(0, Math.min(dpo.prompts(), all.size()));
            EnsemblePreferences preferences = new EnsemblePreferences(prompts);
            try (ModelFolder student = ModelFolder.open(context.of(start), Precision.F32)) {
                preferences.generate(
                        new TextModel(student, dpo.candidates(), task.maxTokens()),
                        done -> context.progress(0.6 * done, "candidates"));
            }
            for (int w = 0; w < weak.size(); w++) {
                try (ModelFolder folder = ModelFolder.open(context.of(weak.get(w)), Precision.F32)) {
                    preferences.score(new TextModel(folder, 1, task.maxTokens()));
                }
                context.progress(0.6 + 0.4 * (w + 1) / weak.size(), "scoring");
            }
            List<Pair> pairs = preferences.pairs().stream()
                    .map(pair -> new Pair(
                            pair.item(),
                            pair.chosen().tokens(),
                            pair.rejected().tokens(),
                            pair.chosenScores(),
                            pair.rejectedScores()))
                    .toList();
            StageFiles.write(context.out(), StageFiles.PAIRS, new Pairs(pairs, prompts.size() - pairs.size()));
        });
    }

    /** [pairs] */
    private ItemWeights weights(List<Pair> found) {
        return dpo.confidence() == PairUse.WEIGHT
                ? new ItemWeights(found.stream()
                        .mapToDouble(pair -> confidence(pair).weight())
                        .toArray())
                : ItemWeights.even(found.size());
    }

    /** [pairs]; null where all have the loss's epsilon. */
    private double[] flips(List<Pair> found) {
        return dpo.confidence() == PairUse.FLIP
                ? found.stream().mapToDouble(pair -> confidence(pair).flip()).toArray()
                : null;
    }

    private PairConfidence confidence(Pair pair) {
        return PairConfidence.ofScores(
                pair.chosenScores(),
                pair.rejectedScores(),
                ModelWeights.mean(pair.chosenScores().length),
                dpo.temperature());
    }

    /** The pairs with their log-probabilities under the policy as it starts, in its own precision. */
    private static List<PreferenceObjective.Pair> pairs(
            ModelFolder policy, List<? extends Item> weak, List<Pair> found) {
        List<Sequence> sequences = new ArrayList<>();
        for (Pair pair : found) {
            int[] prompt = SentencePrompt.encode(
                    policy.tokenizer(), weak.get(pair.item()).text());
            sequences.add(Sequence.of(prompt, pair.chosen()));
            sequences.add(Sequence.of(prompt, pair.rejected()));
        }
        double[] reference = ReferenceLogps.of(policy.decoder(), sequences);
        List<PreferenceObjective.Pair> pairs = new ArrayList<>();
        for (int p = 0; p < found.size(); p++) {
            pairs.add(new PreferenceObjective.Pair(
                    sequences.get(2 * p), sequences.get(2 * p + 1), reference[2 * p], reference[2 * p + 1]));
        }
        return pairs;
    }
}
