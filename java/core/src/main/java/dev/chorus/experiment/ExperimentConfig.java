package dev.chorus.experiment;

import dev.chorus.config.ConfigException;
import dev.chorus.config.Key;
import dev.chorus.config.Ranges;
import dev.chorus.config.Rest;
import dev.chorus.config.Shorthand;
import dev.chorus.config.Validated;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Precision;
import dev.chorus.supervise.Reliabilities;
import dev.chorus.supervise.Team;
import dev.chorus.supervise.TeamOptions;
import dev.chorus.task.Task;
import dev.chorus.train.TrainSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All that a run depends on, as the YAML file spells it (keys in snake case; docs/configuration.md explains each).
 *
 * @param name   of the run, and of its folder
 * @param seeds  one repetition each; a seed draws the splits, the starting weights and the order of the data
 * @param data   where the examples come from
 * @param weak   the weak models and how each task is taught to them
 * @param strong the strong base model
 * @param tasks  settings of the tasks that are run, by {@link dev.chorus.task.Task#key key}
 */
public record ExperimentConfig(
        @Key("of the run; results go to `runs/NAME` unless `--out` says otherwise")
        String name,

        @Key(
                "one repetition each; a seed draws gold and weak examples, starting weights and the order of the data. `--seeds N` takes the first N, counting on where the list ends")
        List<Long> seeds,

        @Key("where the examples come from") Data data,
        @Key("the weak models") Weak weak,
        @Key("the strong model") Strong strong,
        @Rest Map<String, TaskSettings> tasks)
        implements Validated {
    /** Repetitions at most: each draws splits when the run is planned. */
    static final int MOST_SEEDS = 1000;

    /**
     * The examples. Files are "builtin:..." or paths relative to the configuration.
     *
     * @param pool       gold and weak examples are drawn from it
     * @param devel      for choices
     * @param test       for the result
     * @param unlabelled plain text, one sentence a line, for pre-training; null if the strong model is a folder's
     * @param gold       examples that the weak models may learn from
     * @param weak       examples that the weak models label
     * @param develSize  how many of devel are used
     */
    public record Data(
            @Key("file from which gold and weak examples are drawn; what devel or test hold is left out")
            String pool,

            @Key("file for choices: the best weak model, and all tuning")
            String devel,

            @Key("file that measures, nothing else") String test,

            @Key(
                    value =
                            "plain text, one sentence a line, for pre-training; a line that is a test sentence is refused. Absent if `strong` has a `folder`",
                    optional = true)
            String unlabelled,

            @Key(value = "how many examples with gold labels the weak models may learn from", range = "[1,)")
            int gold,

            @Key(
                    value = "how many examples the weak models label; the ceiling learns from their gold labels",
                    range = "[1,)")
            int weak,

            @Key(value = "how many of devel are used, from its front", range = "[1,)")
            int develSize) {}

    /**
     * The weak models.
     *
     * @param models at least one
     * @param tasks  how they learn each task that is run, by its key
     */
    public record Weak(
            @Key("at least one, with names that differ") List<WeakModel> models,
            @Rest Map<String, WeakTask> tasks) {}

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
    public record WeakModel(
            @Key("letters, digits, `.`, `_`, `-`") String name,

            @Key(value = "a Hugging Face folder to start from, in place of all keys below", optional = true)
            String folder,

            @Key(value = "`tokenizer.json` of a new model", without = "folder")
            String tokenizer,

            @Key(value = "blocks of a new model", without = "folder", range = "[1,512]")
            Integer layers,

            @Key(value = "channels of a new model, a multiple of `heads`", without = "folder", range = "[1,65536]")
            Integer width,

            @Key(value = "attention heads of a new model", without = "folder", range = "[1,1024]")
            Integer heads) {}

    /**
     * How weak models learn a task.
     *
     * @param gold  how many of the gold examples each learns from, at most {@link Data#gold}
     * @param train the training
     */
    public record WeakTask(
            @Key(
                    value =
                            "how many of the gold examples each learns from, which is what makes them weak; at most `data.gold`",
                    range = "[1,)")
            int gold,

            @Key("the training") TrainSettings train) {}

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
    public record Strong(
            @Key(
                    value =
                            "a Hugging Face folder as the base, in place of `data.unlabelled` and of the keys from `tokenizer` on; nothing is pre-trained",
                    optional = true)
            String folder,

            @Key(
                    value =
                            "`f32` (taken if it is missing) or `bf16`: of matrix products while students and ceiling are taught. Without `lora` their weights are f32 all the same",
                    optional = true,
                    with = "folder")
            Precision precision,

            @Key(
                    value =
                            "teach students and ceiling by a low-rank adapter beside frozen weights; saved merged in. Not together with a task of classes, whose head is trained with the weights",
                    optional = true,
                    with = "folder")
            Lora lora,

            @Key(value = "`tokenizer.json` of a new model", without = "folder")
            String tokenizer,

            @Key(value = "blocks of a new model", without = "folder", range = "[1,512]")
            Integer layers,

            @Key(value = "channels of a new model, a multiple of `heads`", without = "folder", range = "[1,65536]")
            Integer width,

            @Key(value = "attention heads of a new model", without = "folder", range = "[1,1024]")
            Integer heads,

            @Key(
                    value = "of a new base, which all repetitions share, as they would share a published model",
                    without = "folder")
            Long seed,

            @Key(value = "of a new model", without = "folder")
            Pretrain pretrain) {}

    /**
     * A low-rank adapter (Hu et al., arXiv:2106.09685), merged into the weights when a student is saved.
     *
     * @param rank    of what is added to a matrix
     * @param alpha   scale is alpha / rank
     * @param dropout share of the inputs that a step drops
     * @param targets modules by the end of their names; all-linear for all, none for the family's usual ones
     */
    public record Lora(
            @Key(value = "of what is added to a matrix", range = "[1,4096]")
            int rank,

            @Key("the addition's scale is alpha / rank") double alpha,

            @Key(value = "share of the inputs that a step drops", range = "[0,1)")
            double dropout,

            @Key(
                    "modules by the end of their names (`[q_proj, v_proj]`), `[all-linear]` for every projection, `[]` for what the family usually adapts")
            List<String> targets) {
        /** Refuses values outside their ranges; the message names the key. */
        public Lora {
            Ranges.check(Lora.class, rank, alpha, dropout, targets);
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
     * @param echo  share of the lines that are followed by pieces of themselves
     * @param train the training
     */
    public record Pretrain(
            @Key(
                    value =
                            "share of the lines that are followed by pieces of themselves, which teaches a small model to copy",
                    range = "[0,1]")
            double echo,

            @Key("the training") TrainSettings train) {}

    /** What a task's students are, and how they are taught. */
    public sealed interface TaskSettings permits ClassTask, TextTask {
        /** Which to train; the ceiling always is. */
        List<Student> students();

        /** The same for all of them. */
        TrainSettings train();

        /** How the weak models' labels become one. */
        Aggregation aggregator();

        /** What the weak models are judged on. */
        Judge judge();

        /** Options of supervisions and reliabilities, by their name. */
        Map<String, Record> options();
    }

    /**
     * How the weak models' labels become one.
     *
     * @param method   an aggregator's name; null for the plain way of the task's kind
     * @param settings of the aggregator, name=value each
     */
    @Shorthand("method")
    public record Aggregation(
            @Key(
                    value =
                            "one of those that `chorus aggregate` knows: `majority`, `dawid-skene`, `ibcc` and so on; the weak models' labels are its votes, the items of `judge` its anchors. Without it the mean of the soft labels for classes, and the most frequent text",
                    optional = true)
            String method,

            @Key(value = "of the method, `name=value` each", fallback = "[]")
            List<String> settings) {
        /** As YAML, for defaults. */
        static final String PLAIN = "{}";
    }

    /** Items with gold labels that tell how good the weak models are. The items that they were taught would flatter them. */
    public enum Judge {
        /** None: nobody is judged. */
        NONE,
        /** The gold examples beyond those that the weak models learn from. */
        GOLD,
        /** Devel, which also chooses the best weak model. */
        DEVEL
    }

    /**
     * A task whose answers are classes.
     *
     * @param students   which to train; the ceiling always is
     * @param train      the same for all of them
     * @param aggregator how the weak models' labels become one
     * @param judge      what the weak models are judged on
     * @param options    of supervisions and reliabilities, by their name
     */
    public record ClassTask(
            @Key("which to train, below; the ceiling always is")
            List<Student> students,

            @Key("the same for all of them") TrainSettings train,

            @Key(
                    value = "how the weak models' labels become one label with its certainty",
                    fallback = Aggregation.PLAIN)
            Aggregation aggregator,

            @Key(
                    value =
                            "items with gold labels, taught to no weak model, that anchor the aggregator, weigh the weak models and teach the probe: `gold`, those of `data.gold` beyond `weak.TASK.gold`; `devel`; or `none`",
                    fallback = "none")
            Judge judge,

            @Rest Map<String, Record> options)
            implements TaskSettings {}

    /**
     * A task whose answers are texts.
     *
     * @param students  which to train; the ceiling always is
     * @param train     the same for all of them
     * @param aggregator how the weak models' labels become one
     * @param judge     what the weak models are judged on
     * @param beams     of every search; 1 is greedy
     * @param maxTokens new tokens at most
     * @param dpo       the preference stage that students may have behind them; null for none
     * @param options   of supervisions and reliabilities, by their name
     */
    public record TextTask(
            @Key("which to train, below; the ceiling always is")
            List<Student> students,

            @Key("the same for all of them") TrainSettings train,

            @Key(
                    value = "how the weak models' labels become one label with its certainty",
                    fallback = Aggregation.PLAIN)
            Aggregation aggregator,

            @Key(
                    value =
                            "items with gold labels, taught to no weak model, that anchor the aggregator, weigh the weak models and teach the probe: `gold`, those of `data.gold` beyond `weak.TASK.gold`; `devel`; or `none`",
                    fallback = "none")
            Judge judge,

            @Key(value = "of every search; 1 is greedy", range = "[1,64]")
            int beams,

            @Key(value = "new tokens of an answer at most", range = "[1,127]")
            int maxTokens,

            @Key(
                    value =
                            "settings of the preference stage. If no student asks for it with `then: dpo`, the one called `naive` is followed by it",
                    optional = true)
            Dpo dpo,

            @Rest Map<String, Record> options)
            implements TaskSettings {}

    /**
     * A student.
     *
     * @param teach what it learns from: a supervision
     * @param weigh how much items count: a reliability
     * @param then  what follows: dpo, or none
     * @param id    in the names of stages and in results; null for one made of the others
     */
    @Shorthand("teach")
    public record Student(
            @Key("what it learns from: a supervision") String teach,

            @Key(value = "how much items count: a reliability", fallback = Reliabilities.NONE)
            String weigh,

            @Key(value = "what follows: `none`, or `dpo` (texts alone)", fallback = "none")
            String then,

            @Key(value = "in the names of stages and in results; made of the others if it is missing", optional = true)
            String id) {
        static final String DPO = "dpo";

        /** The student before what follows. */
        String taught() {
            return teach + (weigh.equals(Reliabilities.NONE) ? "" : "-" + weigh);
        }

        /** As results call it. */
        String name() {
            return id != null ? id : taught() + (isFollowed() ? "-" + then : "");
        }

        boolean isFollowed() {
            return then.equals(DPO);
        }
    }

    /** What becomes of the weak models' confidence in a preference pair. */
    public enum PairUse {
        /** Nothing. */
        NONE,
        /** It is the pair's weight. */
        WEIGHT,
        /** One minus it is the pair's flip probability. */
        FLIP
    }

    /**
     * Preference optimisation on a student's own candidates.
     *
     * @param prompts    how many of the weak examples
     * @param candidates n-best list of the student
     * @param beta       strength of the pull towards the reference
     * @param epsilon    assumed probability that a pair is the wrong way round
     * @param confidence what becomes of how sure the weak models are of a pair
     * @param temperature of that sureness
     * @param train      the training, over pairs
     */
    public record Dpo(
            @Key(value = "how many of the weak examples", range = "[1,)")
            int prompts,

            @Key(value = "n-best list of the student", range = "[2,64]")
            int candidates,

            @Key(value = "strength of the pull towards the reference", range = "(0,)")
            double beta,

            @Key(value = "assumed probability that a pair is the wrong way round", range = "[0,0.5)")
            double epsilon,

            @Key(
                    value =
                            "what becomes of the weak models' joint probability that the chosen text of a pair is the better one: `none`; the pair's `weight`; or one minus it the pair's `flip` probability, in place of `epsilon`",
                    fallback = "none")
            PairUse confidence,

            @Key(
                    value = "of that probability: the difference of two texts' scores, nats a token, is divided by it",
                    fallback = "1",
                    range = "(0,)")
            double temperature,

            @Key("the training, over pairs") TrainSettings train) {}

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
        check.that(seeds.size() <= MOST_SEEDS, "seeds", "at most " + MOST_SEEDS, seeds.size());
        check.that(new HashSet<>(seeds).size() == seeds.size(), "seeds", "no seed twice", seeds);
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
                check.size("weak.models." + model.name(), model.width(), model.heads());
            }
        }
        check.strong(strong, data.unlabelled(), tasks.values().stream().anyMatch(ClassTask.class::isInstance));
        tasks.forEach((key, task) -> {
            WeakTask taught = weak.tasks().get(key);
            check.that(
                    taught != null, "weak." + key, "gold and train, because the task '" + key + "' is run", "nothing");
            check.that(
                    taught.gold() <= data.gold(),
                    "weak." + key + ".gold",
                    "1 to data.gold (" + data.gold() + ")",
                    taught.gold());
            check.that(
                    task.judge() != Judge.GOLD || taught.gold() < data.gold(),
                    key + ".judge",
                    "'devel' or 'none', or data.gold above weak." + key + ".gold (" + taught.gold()
                            + "), because the weak models are judged on gold examples that they were not taught",
                    "gold with data.gold " + data.gold());
            check.team(key, task, weak.models().size());
        });
    }

    /** Conditions with messages of one form. */
    record Checks(String file) {
        void that(boolean ok, String key, String expected, Object found) {
            if (!ok) {
                throw new ConfigException(file + ": " + key + ": expected " + expected + ", got " + found);
            }
        }

        void size(String key, int width, int heads) {
            that(width % heads == 0, key + ".width", "a multiple of heads " + heads, width);
        }

        /** Refuses options that do not fit the weak models. */
        void team(String key, TaskSettings task, int models) {
            Team team = new Team(
                    models,
                    task instanceof ClassTask ? Task.Kind.CLASSES : Task.Kind.TEXTS,
                    task.judge() != Judge.NONE);
            task.options().forEach((name, options) -> {
                if (options instanceof TeamOptions some) {
                    try {
                        some.check(team);
                    } catch (IllegalArgumentException e) {
                        throw new ConfigException(file + ": " + key + "." + name + "." + e.getMessage(), e);
                    }
                }
            });
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
                        "nothing, because a task of classes trains a head beside the weights",
                        "an adapter");
                return;
            }
            that(unlabelled != null, "data.unlabelled", "a file, because the strong model is pre-trained", "nothing");
            size("strong", strong.width(), strong.heads());
        }
    }
}
