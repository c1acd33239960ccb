package dev.chorus.model;

import dev.chorus.kernels.HeadTarget;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Log-probabilities of given completions under a language model (teacher forcing): for every token of the completion
 * {@code logit[id] - lse(logits)} at the position before it.
 */
public final class SequenceScorer {
    private SequenceScorer() {}

    /**
     * A prompt followed by a completion.
     *
     * @param tokens prompt and completion, the end of sequence included where it is to be scored
     * @param start  index of the first completion token
     */
    public record Sequence(int[] tokens, int start) {
        /** A prompt and its completion joined. */
        public static Sequence of(int[] prompt, int[] completion) {
            int[] tokens = new int[prompt.length + completion.length];
            System.arraycopy(prompt, 0, tokens, 0, prompt.length);
            System.arraycopy(completion, 0, tokens, prompt.length, completion.length);
            return new Sequence(tokens, prompt.length);
        }
    }

    /**
     * Scores all sequences, in batches of similar length.
     *
     * @param batchTokens tokens of a batch, roughly
     * @return [sequence][completion token] nats, in the order given
     */
    public static double[][] tokenLogps(Decoder decoder, List<Sequence> sequences, int batchTokens) {
        double[][] logps = new double[sequences.size()][];
        List<Integer> byLength = IntStream.range(0, sequences.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> sequences.get(i).tokens().length))
                .toList();
        int from = 0;
        while (from < byLength.size()) {
            int to = from;
            int tokens = 0;
            while (to < byLength.size() && (to == from || tokens < batchTokens)) {
                tokens += sequences.get(byLength.get(to)).tokens().length;
                to++;
            }
            scoreBatch(decoder, sequences, byLength.subList(from, to), logps);
            from = to;
        }
        return logps;
    }

    private static void scoreBatch(Decoder decoder, List<Sequence> sequences, List<Integer> members, double[][] logps) {
        List<int[]> tokens = new ArrayList<>();
        int[] starts = new int[members.size()];
        for (int i = 0; i < starts.length; i++) {
            Sequence sequence = sequences.get(members.get(i));
            tokens.add(sequence.tokens());
            starts[i] = sequence.start();
        }
        FlatBatch batch = FlatBatch.of(tokens);
        CompletionRows rows = CompletionRows.of(batch, starts);
        float[] values;
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            Tensor hidden = decoder.hidden(batch).index_select(0, Tensors.longs(rows.rows(), rows.count()));
            HeadTarget targets = new HeadTarget.Token(Tensors.longs(rows.targets(), rows.count()));
            values = Tensors.toFloats(
                    LinearLogProb.forward(hidden, decoder.head(), targets, null, LinearLogProb.DEFAULT_BUDGET)
                            .logps());
        }
        int m = 0;
        for (int i = 0; i < starts.length; i++) {
            double[] out = new double[tokens.get(i).length - starts[i]];
            for (int t = 0; t < out.length; t++) {
                out[t] = values[m++];
            }
            logps[members.get(i)] = out;
        }
    }
}
