package dev.chorus.task;

import dev.chorus.data.Item;
import dev.chorus.labels.TextLabels.TextLabel;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.generate.BeamSearch;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.text.GeneratedText;
import dev.chorus.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;

/**
 * A decoder that answers a text with a text.
 *
 * @param model     with a language-model head
 * @param beams     hypotheses of the beam search; 1 is greedy
 * @param maxTokens new tokens at most
 */
public record TextModel(ModelFolder model, int beams, int maxTokens) {
    /** Rows that a generation step works on, so that its cache stays small. */
    private static final int ROWS = 256;

    private static final int SCORED_TOKENS = 4096;

    /**
     * A text to be scored.
     *
     * @param text  without the end of sequence
     * @param ended whether the end of sequence belongs to it; not where generation was cut
     */
    public record Candidate(String text, boolean ended) {}

    /** Hypotheses of every prompt, best first. */
    public List<List<BeamSearch.Hypothesis>> generate(List<? extends Item> examples, DoubleConsumer progress) {
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
    public List<List<TextLabel>> label(List<? extends Item> examples, DoubleConsumer progress) {
        Tokenizer tokenizer = model.tokenizer();
        List<List<TextLabel>> labels = new ArrayList<>();
        for (List<BeamSearch.Hypothesis> hypotheses : generate(examples, progress)) {
            labels.add(hypotheses.stream()
                    .map(hypothesis -> label(tokenizer, hypothesis))
                    .toList());
        }
        return labels;
    }

    /** The answer to every text: that of its best hypothesis. */
    public List<String> answers(List<? extends Item> examples, DoubleConsumer progress) {
        Tokenizer tokenizer = model.tokenizer();
        return generate(examples, progress).stream()
                .map(hypotheses -> tokenizer.decode(hypotheses.get(0).tokens()))
                .toList();
    }

    /**
     * Mean token log-probability of given texts under this model (teacher forcing).
     *
     * @param candidates [N] lists, one a prompt; a text that did not end is not empty
     * @return [N][candidates] nats a token
     */
    public double[][] meanLogps(List<? extends Item> examples, List<List<Candidate>> candidates) {
        Tokenizer tokenizer = model.tokenizer();
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < examples.size(); i++) {
            int[] prompt = SentencePrompt.encode(tokenizer, examples.get(i).text());
            for (Candidate candidate : candidates.get(i)) {
                sequences.add(Sequence.of(
                        prompt,
                        candidate.ended()
                                ? SentencePrompt.completion(tokenizer, candidate.text())
                                : tokenizer.encode(candidate.text())));
            }
        }
        double[][] logps = SequenceScorer.tokenLogps(model.decoder(), sequences, SCORED_TOKENS);
        double[][] means = new double[examples.size()][];
        int next = 0;
        for (int i = 0; i < means.length; i++) {
            means[i] = new double[candidates.get(i).size()];
            for (int c = 0; c < means[i].length; c++) {
                means[i][c] = Arrays.stream(logps[next++]).average().orElseThrow();
            }
        }
        return means;
    }

    private static List<int[]> prompts(Tokenizer tokenizer, List<? extends Item> examples) {
        return examples.stream()
                .map(example -> SentencePrompt.encode(tokenizer, example.text()))
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
