package dev.chorus.task.slurp;

import dev.chorus.data.Example;
import dev.chorus.eval.Entity;
import dev.chorus.eval.SluF1;
import dev.chorus.labels.TextLabels.TextLabel;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.generate.BeamSearch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.task.SentencePrompt;
import dev.chorus.text.GeneratedText;
import dev.chorus.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;

/**
 * A decoder that writes the slots of a sentence as text.
 *
 * @param model     with a language-model head
 * @param beams     hypotheses of the beam search; 1 is greedy
 * @param maxTokens new tokens at most
 */
public record SlotModel(ModelFolder model, int beams, int maxTokens) {
    /** Rows that a generation step works on, so that its cache stays small. */
    private static final int ROWS = 256;

    private static final int SCORED_TOKENS = 4096;

    /** Hypotheses of one prompt, best first. */
    public List<List<BeamSearch.Hypothesis>> generate(List<Example> examples, DoubleConsumer progress) {
        Tokenizer tokenizer = model.tokenizer();
        BeamSearch search = new BeamSearch(beams, maxTokens, tokenizer.eos());
        List<int[]> prompts = prompts(tokenizer, examples);
        // Prompts of one length share a batch without padding.
        List<Integer> order = IntStream.range(0, prompts.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> prompts.get(i).length))
                .toList();
        List<List<BeamSearch.Hypothesis>> results = new ArrayList<>();
        examples.forEach(example -> results.add(List.of()));
        int batch = Math.max(1, ROWS / beams);
        for (int from = 0; from < order.size(); from += batch) {
            List<Integer> members = order.subList(from, Math.min(from + batch, order.size()));
            List<List<BeamSearch.Hypothesis>> found = search.generate(
                    model.decoder(), members.stream().map(prompts::get).toList());
            for (int i = 0; i < members.size(); i++) {
                results.set(members.get(i), found.get(i));
            }
            progress.accept((double) (from + members.size()) / order.size());
        }
        return results;
    }

    /** The n-best list of every sentence as labels. */
    public List<List<TextLabel>> label(List<Example> examples, DoubleConsumer progress) {
        Tokenizer tokenizer = model.tokenizer();
        List<List<TextLabel>> labels = new ArrayList<>();
        for (List<BeamSearch.Hypothesis> hypotheses : generate(examples, progress)) {
            labels.add(hypotheses.stream()
                    .map(hypothesis -> label(tokenizer, hypothesis))
                    .toList());
        }
        return labels;
    }

    /** The entities that the model finds in every sentence: those of its best hypothesis. */
    public List<List<Entity>> entities(List<Example> examples, SlotText slots, DoubleConsumer progress) {
        Tokenizer tokenizer = model.tokenizer();
        return generate(examples, progress).stream()
                .map(hypotheses -> slots.read(tokenizer.decode(hypotheses.get(0).tokens())))
                .toList();
    }

    /** SLU-F1 over sentences. */
    public double sluF1(List<Example> examples, SlotText slots) {
        return sluF1(examples, entities(examples, slots, done -> {}));
    }

    /** SLU-F1 of given answers. */
    public static double sluF1(List<Example> examples, List<List<Entity>> answers) {
        return SluF1.corpus(examples.stream().map(Example::entities).toList(), answers)
                .slu()
                .f1();
    }

    /**
     * Mean token log-probability of given texts under this model (teacher forcing, the end of sequence included).
     *
     * @param texts [N] lists of candidates, one list a sentence
     * @return [N][candidates] nats a token
     */
    public double[][] meanLogps(List<Example> examples, List<List<String>> texts) {
        Tokenizer tokenizer = model.tokenizer();
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < examples.size(); i++) {
            int[] prompt = SentencePrompt.encode(tokenizer, examples.get(i).sentence());
            for (String text : texts.get(i)) {
                sequences.add(Sequence.of(prompt, SentencePrompt.completion(tokenizer, text)));
            }
        }
        double[][] logps = SequenceScorer.tokenLogps(model.decoder(), sequences, SCORED_TOKENS);
        double[][] means = new double[examples.size()][];
        int next = 0;
        for (int i = 0; i < means.length; i++) {
            means[i] = new double[texts.get(i).size()];
            for (int c = 0; c < means[i].length; c++) {
                means[i][c] = Arrays.stream(logps[next++]).average().orElseThrow();
            }
        }
        return means;
    }

    /** Training sequences: every sentence with its gold slots. */
    public static List<Sequence> goldSequences(Tokenizer tokenizer, List<Example> examples) {
        return examples.stream()
                .map(example -> Sequence.of(
                        SentencePrompt.encode(tokenizer, example.sentence()),
                        SentencePrompt.completion(tokenizer, SlotText.write(example.entities()))))
                .toList();
    }

    private static List<int[]> prompts(Tokenizer tokenizer, List<Example> examples) {
        return examples.stream()
                .map(example -> SentencePrompt.encode(tokenizer, example.sentence()))
                .toList();
    }

    private static TextLabel label(Tokenizer tokenizer, BeamSearch.Hypothesis hypothesis) {
        int[] tokens = hypothesis.ended()
                ? Arrays.copyOf(hypothesis.tokens(), hypothesis.tokens().length - 1)
                : hypothesis.tokens();
        GeneratedText text = GeneratedText.of(tokenizer, tokens);
        return new TextLabel(text.text(), text.spans(), hypothesis.logps(), hypothesis.ended());
    }
}
