package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.aggregate.BestSingle;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.TextVotes;
import dev.chorus.data.Item;
import dev.chorus.ensemble.WeakVotes;
import dev.chorus.experiment.StageFiles.TextEvaluation;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.Judgement;
import dev.chorus.labels.TextAggregate;
import dev.chorus.labels.TextLabels;
import dev.chorus.labels.TextLabels.TextLabel;
import dev.chorus.model.Decoder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.score.LastStates;
import dev.chorus.results.Results.ReliabilityBin;
import dev.chorus.results.Results.Unsure;
import dev.chorus.supervise.Joint;
import dev.chorus.supervise.Supervision;
import dev.chorus.supervise.TextSet;
import dev.chorus.supervise.WeakAnswers;
import dev.chorus.task.SentencePrompt;
import dev.chorus.task.TextLesson;
import dev.chorus.task.TextModel;
import dev.chorus.train.Objective;
import java.util.ArrayList;
import java.util.Arrays;
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

    /** Sequences whose states are computed at once. */
    private static final int STATES = 64;

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
                        set.rescored(),
                        set.weights()),
                options);
    }

    /** Generation after every epoch would cost more than the training. */
    @Override
    public Optional<DoubleSupplier> devel(ModelFolder model, List<E> devel) {
        return Optional.empty();
    }

    @Override
    public TextLabels label(
            String labeler, ModelFolder model, List<E> examples, List<E> devel, DoubleConsumer progress) {
        TextModel writer = new TextModel(model, beams, maxTokens);
        return new TextLabels(
                labeler,
                examples.stream().map(Item::id).toList(),
                writer.label(examples, done -> progress.accept(LABELLING * done)),
                devel.isEmpty()
                        ? Double.NaN
                        : lesson.score(devel, writer.answers(devel, done -> {})).get(lesson.metric()));
    }

    @Override
    public TextAggregate aggregate(
            List<TextLabels> labels, Judged<E, TextLabels> judged, Optional<LabelAggregator> aggregator) {
        int best = BestSingle.index(
                labels.stream().mapToDouble(TextLabels::develScore).toArray());
        int items = labels.get(0).nBest().size();
        List<String> winner = new ArrayList<>();
        double[] confidence = new double[items];
        double[] entropy = new double[items];
        double[] meanLogp = new double[items];
        for (int n = 0; n < items; n++) {
            for (TextLabels each : labels) {
                meanLogp[n] += top(each, n).meanLogp() / labels.size();
            }
            List<String> votes = votes(labels, n);
            entropy[n] = TextVotes.entropy(votes);
            String most = TextVotes.winner(votes).orElseThrow();
            winner.add(most);
            confidence[n] = (double) TextVotes.counts(votes).get(most) / votes.size();
        }
        if (judged == null && aggregator.isEmpty()) {
            return new TextAggregate(best, winner, confidence, entropy, meanLogp, null);
        }
        WeakVotes.Texts texts = texts(labels, judged, items);
        Judgement judgement = judged == null ? null : Judging.of(judged.on(), texts.votes(), quality(judged));
        if (aggregator.isPresent()) {
            Posteriors posteriors = aggregator.get().fit(texts.votes()).posteriors();
            for (int n = 0; n < items; n++) {
                TextPosterior own = TextPosterior.of(posteriors, n, texts.classes(), votes(labels, n));
                winner.set(n, own.winner());
                confidence[n] = own.confidence();
                entropy[n] = own.entropy();
            }
        }
        return new TextAggregate(best, winner, confidence, entropy, meanLogp, judgement);
    }

    private WeakVotes.Texts texts(List<TextLabels> labels, Judged<E, TextLabels> judged, int items) {
        List<List<String>> answers = new ArrayList<>();
        List<String> gold = new ArrayList<>();
        for (int n = 0; n < items; n++) {
            answers.add(votes(labels, n));
            gold.add(null);
        }
        for (int n = 0; judged != null && n < judged.examples().size(); n++) {
            answers.add(votes(judged.labels(), n));
            gold.add(lesson.gold(judged.examples().get(n)));
        }
        return WeakVotes.ofTexts(labels.stream().map(TextLabels::labeler).toList(), answers, gold);
    }

    /** The mean of the task's metric over the judged items, each on its own. */
    private double[] quality(Judged<E, TextLabels> judged) {
        return judged.labels().stream()
                .mapToDouble(each ->
                        Arrays.stream(right(each, judged.examples())).average().orElse(0))
                .toArray();
    }

    @Override
    public WeakAnswers answers(List<TextLabels> labels, TextAggregate aggregate, double[][] right) {
        List<List<String>> votes = new ArrayList<>();
        for (int n = 0; n < labels.get(0).nBest().size(); n++) {
            votes.add(votes(labels, n));
        }
        return new WeakAnswers(votes, aggregate.confidence(), aggregate.entropy(), right);
    }

    @Override
    public double[][] rescore(ModelFolder model, List<E> examples, List<TextLabels> labels) {
        List<List<TextModel.Candidate>> candidates = new ArrayList<>();
        for (int n = 0; n < examples.size(); n++) {
            // The end is left out, but for a text that has nothing else.
            candidates.add(Joint.pool(labels, n).stream()
                    .map(each ->
                            new TextModel.Candidate(each.text(), each.text().isEmpty()))
                    .toList());
        }
        return new TextModel(model, 1, maxTokens).meanLogps(examples, candidates);
    }

    @Override
    public Optional<Judgement> judgement(TextAggregate aggregate) {
        return Optional.ofNullable(aggregate.judged());
    }

    @Override
    public double[] right(TextLabels labels, List<E> examples) {
        double[] right = new double[examples.size()];
        for (int n = 0; n < right.length; n++) {
            right[n] = lesson.score(
                            List.of(examples.get(n)),
                            List.of(labels.nBest().get(n).get(0).text()))
                    .get(lesson.metric());
        }
        return right;
    }

    @Override
    public double[][] states(ModelFolder model, List<E> examples, TextLabels labels) {
        List<int[]> read = new ArrayList<>();
        for (int n = 0; n < examples.size(); n++) {
            int[] prompt =
                    SentencePrompt.encode(model.tokenizer(), examples.get(n).text());
            int[] answer = model.tokenizer().encode(top(labels, n).text());
            int[] both = Arrays.copyOf(prompt, prompt.length + answer.length);
            System.arraycopy(answer, 0, both, prompt.length, answer.length);
            // An answer that its own model would cut is read as far as the model can.
            read.add(Arrays.copyOf(
                    both, Math.min(both.length, model.decoder().architecture().hardLimit())));
        }
        return LastStates.of(model.decoder(), read, STATES);
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
