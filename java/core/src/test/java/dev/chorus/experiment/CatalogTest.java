package dev.chorus.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.methods.Majority;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.config.ConfigException;
import dev.chorus.data.DataSource;
import dev.chorus.data.Item;
import dev.chorus.kernels.HeadTarget;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.labels.ItemWeights;
import dev.chorus.loss.LossValue;
import dev.chorus.loss.SoftCrossEntropyLoss;
import dev.chorus.model.batch.Sequence;
import dev.chorus.results.Results;
import dev.chorus.stage.ProgressListener;
import dev.chorus.supervise.ClassSet;
import dev.chorus.supervise.Reliability;
import dev.chorus.supervise.Supervision;
import dev.chorus.supervise.TextSet;
import dev.chorus.supervise.WeakAnswers;
import dev.chorus.task.ClassLesson;
import dev.chorus.task.Task;
import dev.chorus.torch.Tensors;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.ClassificationObjective;
import dev.chorus.train.Progress;
import dev.chorus.train.TokenObjective;
import dev.chorus.train.batch.HeadRows;
import dev.chorus.train.batch.TokenRows;
import dev.chorus.train.optim.Optimizers;
import dev.chorus.train.optim.Schedules;
import dev.chorus.train.optim.Sgd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One class and one line add a task, a supervision, a loss for generation, a reliability, an aggregator, an optimizer, a
 * schedule.
 */
class CatalogTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final AtomicInteger LOSSES = new AtomicInteger();
    private static final AtomicInteger FITS = new AtomicInteger();

    @TempDir
    private Path folder;

    private static final Catalog CATALOG = Catalog.STANDARD
            .with(new WordCount())
            .with(new FirstModel())
            .with(new ShortFirst())
            .with("last", options -> new LastVote())
            .with(Optimizers.maker("plain", (parameters, decay) -> new Sgd(parameters, 0)))
            .with(Schedules.after("halved", (done, rise, steps) -> done < steps / 2 ? 1 : 0.5));

    /** A task: whether a sentence has an even number of words. */
    private static final class WordCount implements Task<WordCount.Words> {
        record Words(String id, String text) implements Item {}

        @Override
        public String key() {
            return "words";
        }

        @Override
        public String title() {
            return "Even or odd";
        }

        @Override
        public Kind kind() {
            return Kind.CLASSES;
        }

        @Override
        public List<Words> read(DataSource source) {
            List<Words> all = new ArrayList<>();
            for (String line : source.lines()) {
                try {
                    JsonNode node = JSON.readTree(line);
                    all.add(new Words(
                            node.get("id").asText(), node.get("sentence").asText()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return all;
        }

        @Override
        public ClassLesson<Words> lesson(List<Words> pool) {
            return ClassLesson.of(pool, each -> each.text().split(" ", -1).length % 2 == 0 ? "even" : "odd");
        }
    }

    /** A supervision for both kinds: the labels of the first weak model. */
    private static final class FirstModel implements Supervision {
        @Override
        public String name() {
            return "first";
        }

        @Override
        public String title() {
            return "student of the first weak model";
        }

        @Override
        public Set<Task.Kind> kinds() {
            return EnumSet.allOf(Task.Kind.class);
        }

        @Override
        public ClassObjective classes(ClassSet set, Record options) {
            double[][] rows = set.labels().get(0).probabilities();
            return new ClassificationObjective(
                    set.inputs(),
                    set.weights(),
                    item -> true,
                    (logits, items, weights, total, at) -> SoftCrossEntropyLoss.of(
                            logits,
                            Arrays.stream(items).mapToObj(item -> rows[item]).toArray(double[][]::new),
                            weights,
                            total));
        }

        @Override
        public TokenObjective texts(TextSet set, Record options) {
            return new PowerLoss(
                    IntStream.range(0, set.prompts().size())
                            .mapToObj(n -> set.sequence(
                                    n, set.labels().get(0).nBest().get(n).get(0).text()))
                            .toList(),
                    set.weights());
        }
    }

    /** A loss for generation: the mean of -logp per token, each token's share growing with how unlikely it is. */
    private record PowerLoss(List<Sequence> sequences, ItemWeights weights) implements TokenObjective {
        @Override
        public TokenRows rows(int[] items, int epoch) {
            return new TokenRows(
                    items,
                    Arrays.stream(items).mapToObj(sequences::get).toList(),
                    weights.of(items),
                    weights.sum(items));
        }

        @Override
        public LossValue loss(HeadRows rows, Progress at) {
            LOSSES.incrementAndGet();
            float[] upstream = new float[rows.count()];
            Arrays.fill(upstream, (float) (-1 / (10 * rows.total())));
            LinearLogProb.Gradients gradients = LinearLogProb.forwardBackward(
                    rows.hidden(),
                    rows.head(),
                    new HeadTarget.Token(Tensors.longs(rows.targets(), rows.count())),
                    rows.weights() == null ? null : Tensors.floats(rows.weights(), rows.count()),
                    Tensors.floats(upstream, upstream.length),
                    rows.into(),
                    LinearLogProb.DEFAULT_BUDGET);
            double sum = 0;
            for (float logp : Tensors.toFloats(gradients.result().logps())) {
                sum -= logp / 10;
            }
            return LossValue.of(sum, rows.batch().count(), gradients.dhidden());
        }
    }

    /** A reliability: items whose first answer is shorter count more. */
    private static final class ShortFirst implements Reliability {
        @Override
        public String name() {
            return "short";
        }

        @Override
        public ItemWeights weights(WeakAnswers answers, Record options) {
            return new ItemWeights(answers.votes().stream()
                    .mapToDouble(each -> 1.0 / (1 + each.get(0).length()))
                    .toArray());
        }
    }

    /** An aggregator: the last labeler is right. */
    private static final class LastVote implements LabelAggregator {
        @Override
        public String name() {
            return "last";
        }

        @Override
        public Aggregation fit(Votes votes) {
            FITS.incrementAndGet();
            double[] weights = new double[votes.workers()];
            weights[weights.length - 1] = 1;
            return new Majority().fit(votes.withWeights(weights));
        }
    }

    @Test
    void whatAProgramAddsRunsLikeWhatIsThere() {
        String train = "{epochs: 2, batch: 8, learning_rate: 0.05, weight_decay: 0, warmup: 0, clip: 1, "
                + "optimizer: plain, schedule: halved}";
        Experiment experiment = Experiment.load(
                Tiny.YAML,
                List.of(
                        "scenario=null",
                        "weak.scenario=null",
                        "words={students: [best, first, {teach: first, weigh: short}, aggregate], aggregator: last, train: "
                                + train + "}",
                        "weak.words={gold: 16, train: " + train + "}",
                        "slots.students=[{teach: first, weigh: short, id: mine}, {teach: best, then: dpo}]",
                        "slots.train.epochs=2"),
                OptionalInt.of(1),
                CATALOG);
        Results results = experiment.run(folder.resolve("out"), false, ProgressListener.SILENT);

        assertThat(results.tasks()).extracting(Results.Task::task).containsExactly("slots", "words");
        assertThat(results.tasks().get(1).models())
                .extracting(Results.Model::id)
                .containsExactly("small", "wide", "best", "first", "first-short", "aggregate", "ceiling");
        assertThat(results.tasks().get(1).title()).isEqualTo("Even or odd");
        assertThat(results.tasks().get(1).models().get(4).title())
                .isEqualTo("student of the first weak model, weighed by short");
        // A preference stage behind another student than the naive one; the student before it is trained, but not
        // shown.
        assertThat(results.tasks().get(0).models())
                .extracting(Results.Model::id)
                .containsExactly("small", "wide", "mine", "best-dpo", "ceiling");
        assertThat(experiment.stages())
                .extracting(stage -> stage.id())
                .contains("student/slots/best/seed-0", "prefer/slots/best-dpo-pairs/seed-0");
        assertThat(LOSSES.get()).isEqualTo(2 * 3);
        assertThat(FITS.get()).isPositive();
    }

    @Test
    void whatThereIsNotIsNamedWithWhatThereIs() {
        refused(
                "slots.students=[naiv]",
                "slots.students: there is no supervision 'naiv'; there are best, naive, bayesian, aggregate, joint, product,");
        refused(
                "slots.students=[product]",
                "slots.students: 'product' does not teach texts; there are best, naive, bayesian, aggregate, joint");
        refused(
                "scenario.students=[{teach: best, weigh: luck}]",
                "there is no reliability 'luck'; there are none, agreement, confidence, entropy, probe, entropy-filter, reweighting");
        refused("scenario.students=[{teach: best, then: dpo}]", "'best-dpo' needs scenario.dpo");
        refused(
                "scenario.students=[{teach: best, then: ppo}]",
                "there is no stage 'ppo' to follow; there are none, dpo");
        refused("scenario.students=[]", "scenario.students: expected at least one, got []");
        refused("scenario.students=[{teach: best, id: ceiling}]", "and not 'ceiling', got ceiling");
        refused(
                "scenario.bayesian=null",
                "scenario.bayesian: expected a group of options, because students has bayesian");
        refused(
                "slots.train.optimizer=adam",
                "slots.train.optimizer: there is no optimizer 'adam'; there are adamw, sgd");
        refused("weak.slots.train.schedule=step", "weak.slots.train.schedule: there is no schedule 'step'");
        refused(
                "words={students: [best]}",
                "unknown key 'words'; known here: data, name, scenario, seeds, slots, strong, weak");
    }

    private static void refused(String override, String problem) {
        assertThatThrownBy(() -> Tiny.load(override))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(Tiny.YAML + ": ")
                .hasMessageContaining(problem)
                .message()
                .hasLineCount(1);
    }
}
