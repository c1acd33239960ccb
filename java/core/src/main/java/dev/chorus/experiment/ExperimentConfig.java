package dev.chorus.experiment;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.chorus.config.ConfigException;
import dev.chorus.config.Validated;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Precision;
import dev.chorus.results.Results;
import dev.chorus.train.TrainSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * All that a run depends on, as the YAML file spells it (keys in snake case; docs/configuration.md explains each).
 *
 * @param name     of the run, and of its folder
 * @param seeds    one repetition each; a seed draws the splits, the starting weights and the order of the data
 * @param data     where the sentences come from
 * @param weak     the weak models and how each task is taught to them
 * @param strong   the strong base model
 * @param scenario the classification task; null leaves it out
 * @param slots    the generation task; null leaves it out
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ExperimentConfig(
        String name, List<Long> seeds, Data data, Weak weak, Strong strong, Scenario scenario, Slots slots)
        implements Validated {

    /**
     * The sentences. Files are "builtin:..." or paths relative to the configuration.
     *
     * @param pool       gold and weak sentences are drawn from it
     * @param devel      for choices
     * @param test       for the result
     * @param unlabelled plain text, one sentence a line, for pre-training; null if the strong model is a folder's
     * @param gold       sentences that the weak models may learn from
     * @param weak       sentences that the weak models label
     * @param develSize  how many of devel are used
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Data(String pool, String devel, String test, String unlabelled, int gold, int weak, int develSize) {}

    /**
     * The weak models.
     *
     * @param models   at least one
     * @param scenario how they learn scenarios; needed if the task is run
     * @param slots    how they learn slots; needed if the task is run
     */
    public record Weak(List<WeakModel> models, WeakTask scenario, WeakTask slots) {}

    /**
     * A weak model: either new weights of a size, or those of a Hugging Face folder; what does not apply is null.
     *
     * @param name      of the model
     * @param folder    config, weights and tokenizer, relative to the configuration
     * @param tokenizer file of a new model
     * @param layers    blocks of a new model
     * @param width     channels of a new model
     * @param heads     attention heads of a new model
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record WeakModel(
            String name, String folder, String tokenizer, Integer layers, Integer width, Integer heads) {}

    /**
     * How weak models learn a task.
     *
     * @param gold  how many of the gold sentences each learns from, at most {@link Data#gold}
     * @param train the training
     */
    public record WeakTask(int gold, TrainSettings train) {}

    /**
     * The strong base: either new weights that are pre-trained here, or those of a Hugging Face folder; what does not apply is
     * null.
     *
     * @param folder    config, weights and tokenizer, relative to the configuration
     * @param precision of matrix products while a folder's model is taught; null for f32
     * @param lora      teach a folder's model by a low-rank adapter; null teaches all weights
     * @param tokenizer file of a new model
     * @param layers    blocks of a new model
     * @param width     channels of a new model
     * @param heads     attention heads of a new model
     * @param seed      of a new model's weights and pre-training; one base serves all seeds, as one published model would
     * @param pretrain  of a new model
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Strong(
            String folder,
            Precision precision,
            Lora lora,
            String tokenizer,
            Integer layers,
            Integer width,
            Integer heads,
            Long seed,
            Pretrain pretrain) {}

    /**
     * A low-rank adapter (Hu et al., arXiv:2106.09685), merged into the weights when a student is saved.
     *
     * @param rank    of what is added to a matrix
     * @param alpha   scale is alpha / rank
     * @param dropout share of the inputs that a step drops
     * @param targets modules by the end of their names; all-linear for all, none for the family's usual ones
     */
    public record Lora(int rank, double alpha, double dropout, List<String> targets) {
        /** Refuses values outside their ranges; the message names the key. */
        public Lora {
            config(rank, alpha, dropout, targets);
        }

        LoraConfig config() {
            return config(rank, alpha, dropout, targets);
        }

        private static LoraConfig config(int rank, double alpha, double dropout, List<String> targets) {
            return new LoraConfig(rank, alpha, dropout, targets, false);
        }
    }

    /**
     * Causal language modelling on the unlabelled text.
     *
     * @param echo  share of the lines that are followed by pieces of themselves, 0 to 1
     * @param train the training
     */
    public record Pretrain(double echo, TrainSettings train) {}

    /**
     * Scenario classification.
     *
     * @param students which to train: best, naive, bayesian; the ceiling is always trained
     * @param train    the same for all of them
     * @param bayesian what the Bayesian one needs besides
     */
    public record Scenario(List<String> students, TrainSettings train, Bayesian bayesian) {}

    /**
     * The evidential loss.
     *
     * @param evidence exp, softplus or relu
     * @param klWeight of the term that pulls misleading evidence down, at the end of its annealing
     */
    public record Bayesian(Evidence evidence, double klWeight) {}

    /**
     * Slot filling as generation.
     *
     * @param students  which to train: best, naive; the ceiling is always trained
     * @param train     the same for all of them
     * @param beams     of every search; 1 is greedy
     * @param maxTokens new tokens at most
     * @param dpo       a preference stage on the naive student; null leaves it out
     */
    public record Slots(List<String> students, TrainSettings train, int beams, int maxTokens, Dpo dpo) {}

    /**
     * Preference optimisation on the student's own candidates.
     *
     * @param prompts    how many of the weak sentences
     * @param candidates n-best list of the student
     * @param beta       strength of the pull towards the reference
     * @param epsilon    assumed probability that a pair is the wrong way round
     * @param train      the training, over pairs
     */
    public record Dpo(int prompts, int candidates, double beta, double epsilon, TrainSettings train) {}

    /**
     * Checks what the types cannot.
     *
     * @throws ConfigException names the key and what would be right
     */
    @Override
    public void validate(String file) {
        Checks check = new Checks(file);
        // Results go to runs/NAME: '..' would lead out of it.
        check.that(
                name.matches("[A-Za-z0-9_-][A-Za-z0-9._-]*"),
                "name",
                "letters, digits, '_', '-', and '.' not first",
                name);
        check.that(!seeds.isEmpty(), "seeds", "at least one", seeds);
        check.that(new HashSet<>(seeds).size() == seeds.size(), "seeds", "no seed twice", seeds);
        check.that(data.gold() >= 1, "data.gold", "1 or more", data.gold());
        check.that(data.weak() >= 1, "data.weak", "1 or more", data.weak());
        check.that(data.develSize() >= 1, "data.devel_size", "1 or more", data.develSize());
        check.that(!weak.models().isEmpty(), "weak.models", "at least one", weak.models());
        Set<String> names = new HashSet<>();
        for (WeakModel model : weak.models()) {
            check.that(names.add(model.name()), "weak.models", "names that differ", model.name());
            check.that(
                    model.name().matches("[A-Za-z0-9._-]+"),
                    "weak.models.name",
                    "letters, digits, '.', '_', '-'",
                    model.name());
            if (model.folder() == null) {
                check.size("weak.models." + model.name(), model.layers(), model.width(), model.heads());
            }
        }
        check.strong(strong, data.unlabelled(), scenario != null);
        check.that(scenario != null || slots != null, "scenario, slots", "at least one of the two tasks", "none");
        if (scenario != null) {
            check.task("scenario", weak.scenario(), data.gold());
            check.students("scenario", scenario.students(), Set.of("best", "naive", "bayesian"));
            check.that(
                    scenario.bayesian() != null || !scenario.students().contains("bayesian"),
                    "scenario.bayesian",
                    "evidence and kl_weight, because students has bayesian",
                    "nothing");
            if (scenario.bayesian() != null) {
                double kl = scenario.bayesian().klWeight();
                check.that(kl >= 0, "scenario.bayesian.kl_weight", "0 or more", kl);
            }
        }
        if (slots != null) {
            check.task("slots", weak.slots(), data.gold());
            check.students("slots", slots.students(), Set.of("best", "naive"));
            check.that(slots.beams() >= 1, "slots.beams", "1 or more", slots.beams());
            check.that(
                    slots.maxTokens() >= 1 && slots.maxTokens() < 128,
                    "slots.max_tokens",
                    "1 to 127",
                    slots.maxTokens());
            if (slots.dpo() != null) {
                check.that(
                        slots.students().contains("naive"),
                        "slots.dpo",
                        "naive among slots.students",
                        slots.students());
                check.that(
                        slots.dpo().prompts() >= 1,
                        "slots.dpo.prompts",
                        "1 or more",
                        slots.dpo().prompts());
                check.that(
                        slots.dpo().candidates() >= 2,
                        "slots.dpo.candidates",
                        "2 or more",
                        slots.dpo().candidates());
                check.that(
                        slots.dpo().beta() > 0,
                        "slots.dpo.beta",
                        "above 0",
                        slots.dpo().beta());
                double epsilon = slots.dpo().epsilon();
                check.that(epsilon >= 0 && epsilon < 0.5, "slots.dpo.epsilon", "0 to below 0.5", epsilon);
            }
        }
    }

    /** Conditions with messages of one form. */
    private record Checks(String file) {
        void that(boolean ok, String key, String expected, Object found) {
            if (!ok) {
                throw new ConfigException(file + ": " + key + ": expected " + expected + ", got " + found);
            }
        }

        void size(String key, int layers, int width, int heads) {
            that(layers >= 1, key + ".layers", "1 or more", layers);
            that(heads >= 1, key + ".heads", "1 or more", heads);
            that(width >= 1 && width % Math.max(1, heads) == 0, key + ".width", "a multiple of heads " + heads, width);
        }

        void strong(Strong strong, String unlabelled, boolean classifies) {
            if (strong.folder() != null) {
                that(
                        unlabelled == null,
                        "data.unlabelled",
                        "nothing, because strong.folder is not pre-trained",
                        unlabelled);
                // A classification head is trained with the weights, and an adapter alone would leave it as it was
                // drawn.
                that(
                        strong.lora() == null || !classifies,
                        "strong.lora",
                        "nothing, because the scenario task trains a head beside the weights",
                        "an adapter");
                return;
            }
            that(unlabelled != null, "data.unlabelled", "a file, because the strong model is pre-trained", "nothing");
            size("strong", strong.layers(), strong.width(), strong.heads());
            double echo = strong.pretrain().echo();
            that(echo >= 0 && echo <= 1, "strong.pretrain.echo", "from 0 to 1", echo);
        }

        void task(String task, WeakTask weak, int gold) {
            that(weak != null, "weak." + task, "gold and train, because the task '" + task + "' is run", "nothing");
            that(
                    weak.gold() >= 1 && weak.gold() <= gold,
                    "weak." + task + ".gold",
                    "1 to data.gold (" + gold + ")",
                    weak.gold());
        }

        void students(String task, List<String> students, Set<String> known) {
            for (String student : students) {
                that(known.contains(student), task + ".students", "some of " + new java.util.TreeSet<>(known), student);
            }
            that(new HashSet<>(students).size() == students.size(), task + ".students", "none twice", students);
        }
    }
}
