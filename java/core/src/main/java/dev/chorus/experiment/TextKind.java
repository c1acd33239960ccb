package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.aggregate.BestSingle;
import dev.chorus.aggregate.TextVotes;
import dev.chorus.data.Item;
import dev.chorus.experiment.StageFiles.TextEvaluation;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.TextAggregate;
import dev.chorus.labels.TextLabels;
import dev.chorus.labels.TextLabels.TextLabel;
import dev.chorus.model.Decoder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.results.Results.ReliabilityBin;
import dev.chorus.results.Results.Unsure;
import dev.chorus.supervise.Supervision;
import dev.chorus.supervise.TextSet;
import dev.chorus.task.SentencePrompt;
import dev.chorus.task.TextLesson;
import dev.chorus.task.TextModel;
import dev.chorus.train.Objective;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

/** Tasks whose answers are texts. */
record TextKind<E extends Item>(TextLesson<E> lesson, int beams, int maxTokens)
        implements TaskKind<E, TextLabels, TextAggregate> {
    /** Share of a labelling that is not the score on devel. */
    private static final double LABELLING = 0.8;

    @Override
    public Class<TextLabels> labelType() {
        return TextLabels.class;
    }

    @Override
    public Class<TextAggregate> aggregateType() {
        return TextAggregate.class;
    }

    @Override
    public void describe(ObjectNode settings) {
        settings.put("beams", beams).put("max_tokens", maxTokens);
    }

    @Override
    public int tokens() {
        return Estimates.PROMPT_TOKENS + Estimates.ANSWER_TOKENS;
    }

    /** Generation is a step a token, whose small matrices cost several times their arithmetic. */
    @Override
    public double answering() {
        return 3.0 * beams;
    }

    @Override
    public int longestAnswer() {
        return maxTokens;
    }

    @Override
    public Decoder prepare(Decoder base, long seed) {
        return base;
    }

    @Override
    public Objective objective(
            Supervision teach, Record options, ModelFolder model, Teaching.Set<E, TextLabels, TextAggregate> set) {
        return teach.texts(
                new TextSet(
                        model.tokenizer(),
                        model.decoder().architecture().hardLimit(),
                        set.examples().stream()
                                .map(example -> SentencePrompt.encode(model.tokenizer(), example.text()))
                                .toList(),
                        set.labels(),
                        set.aggregate(),
                        set.examples().stream().map(lesson::gold).toList(),
                        set.weights()),
                options);
    }

    /** Generation after every epoch would cost more than the training. */
    @Override
    public Optional<DoubleSupplier> devel(ModelFolder model, List<E> devel) {
        return Optional.empty();
    }

    @Override
    public TextLabels label(String labeler, ModelFolder model, List<E> weak, List<E> devel, DoubleConsumer progress) {
        TextModel writer = new TextModel(model, beams, maxTokens);
        return new TextLabels(
                labeler,
                weak.stream().map(Item::id).toList(),
                writer.label(weak, done -> progress.accept(LABELLING * done)),
                lesson.score(devel, writer.answers(devel, done -> {})).get(lesson.metric()));
    }

    @Override
    public TextAggregate aggregate(List<TextLabels> labels) {
        int best = BestSingle.index(
                labels.stream().mapToDouble(TextLabels::develScore).toArray());
        int items = labels.get(0).nBest().size();
        List<String> winner = new ArrayList<>();
        double[] entropy = new double[items];
        double[] meanLogp = new double[items];
        for (int n = 0; n < items; n++) {
            for (TextLabels each : labels) {
                meanLogp[n] += top(each, n).meanLogp() / labels.size();
            }
            List<String> votes = votes(labels, n);
            entropy[n] = TextVotes.entropy(votes);
            winner.add(TextVotes.winner(votes).orElseThrow());
        }
        return new TextAggregate(best, winner, entropy, meanLogp);
    }

    @Override
    public List<List<String>> votes(List<TextLabels> labels) {
        List<List<String>> votes = new ArrayList<>();
        for (int n = 0; n < labels.get(0).nBest().size(); n++) {
            votes.add(votes(labels, n));
        }
        return votes;
    }

    private static List<String> votes(List<TextLabels> labels, int item) {
        return labels.stream().map(each -> top(each, item).text()).toList();
    }

    private static TextLabel top(TextLabels labels, int item) {
        return labels.nBest().get(item).get(0);
    }

    @Override
    public TextEvaluation evaluate(
            ModelFolder model, Optional<Evidence> readout, List<E> test, DoubleConsumer progress) {
        return new TextEvaluation(lesson.score(test, new TextModel(model, beams, maxTokens).answers(test, progress)));
    }

    @Override
    public Class<?> evaluationType() {
        return TextEvaluation.class;
    }

    @Override
    public Map<String, Double> figures(Object evaluation) {
        return ((TextEvaluation) evaluation).figures();
    }

    @Override
    public List<ReliabilityBin> reliability(List<Object> evaluations) {
        return List.of();
    }

    @Override
    public List<Unsure> unsure(long seed, List<TextLabels> labels, TextAggregate aggregate, List<E> weak) {
        return LeastSure.of(aggregate.entropy(), aggregate.meanLogp()).stream()
                .map(n -> new Unsure(
                        seed,
                        weak.get(n).id(),
                        weak.get(n).text(),
                        votes(labels, n),
                        aggregate.winner().get(n),
                        lesson.gold(weak.get(n)),
                        aggregate.entropy()[n]))
                .toList();
    }
}
