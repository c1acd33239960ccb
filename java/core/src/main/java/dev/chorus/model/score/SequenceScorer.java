package dev.chorus.model.score;

import dev.chorus.kernels.HeadTarget;
import dev.chorus.kernels.KernelException;
import dev.chorus.kernels.LanguageHead;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.model.Decoder;
import dev.chorus.model.NotFiniteException;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.cache.CachedSequence;
import dev.chorus.model.cache.KeyValueCache;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Log-probabilities of given completions under a language model (teacher forcing): for every token of the completion
 * {@code logit[id] - lse(logits)} at the position before it.
 *
 * <p>Batches are flat, without padding; the head sees the positions before completion tokens only; sequences of a batch that
 * begin alike (candidates of one question) have the pages of that beginning computed once.
 */
public final class SequenceScorer {
    /** Bytes of logits that are held at once: small enough to stay in the cache of a core. */
    private static final long HEAD_BUDGET = 16L << 20;

    private SequenceScorer() {}

    /** As {@link #tokenLogps(Decoder, List, int, IntConsumer)}, unheard. */
    public static double[][] tokenLogps(Decoder decoder, List<Sequence> sequences, int batchTokens) {
        return tokenLogps(decoder, sequences, batchTokens, done -> {});
    }

    /**
     * Scores all sequences, in batches of similar length.
     *
     * @param batchTokens tokens of a batch, roughly
     * @param progress    hears after every batch how many sequences are done
     * @return [sequence][completion token] nats, in the order given; empty for an empty completion
     * @throws IllegalArgumentException if a start is outside the sequence, or the decoder cannot read a token
     * @throws NotFiniteException       if the model's answer is no finite number, or its head holds one that is none
     */
    public static double[][] tokenLogps(
            Decoder decoder, List<Sequence> sequences, int batchTokens, IntConsumer progress) {
        // A token of logit -infinity would be one of probability 0, so this is not seen in the results.
        try (Scope scope = new Scope()) {
            if (!Double.isFinite(decoder.head().weight().sum().item_double())) {
                throw new NotFiniteException("the model's head holds numbers that are not finite", null);
            }
        }
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
            progress.accept(to);
            from = to;
        }
        return logps;
    }

    private static void scoreBatch(Decoder decoder, List<Sequence> sequences, List<Integer> members, double[][] logps) {
        int pages = 0;
        for (int member : members) {
            pages += KeyValueCache.pagesOf(sequences.get(member).tokens().length);
        }
        List<Long> rows = new ArrayList<>();
        List<Long> targets = new ArrayList<>();
        // One layer's keys and values are not looked at again, so all layers use the same pages.
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients();
                KeyValueCache cache = new KeyValueCache(decoder.architecture(), decoder.precision(), 1, pages)) {
            CachedBatch batch = new CachedBatch(cache);
            for (int member : members) {
                place(sequences.get(member), member, cache, batch, rows, targets);
            }
            float[] values = rows.isEmpty() ? new float[0] : score(decoder, batch, rows, targets);
            int m = 0;
            for (int member : members) {
                Sequence sequence = sequences.get(member);
                double[] out = new double[sequence.tokens().length - sequence.start()];
                for (int t = 0; t < out.length; t++) {
                    out[t] = values[m++];
                }
                logps[member] = out;
            }
        }
    }

    /** Adds what is not known yet of a sequence. */
    private static void place(
            Sequence sequence, int index, KeyValueCache cache, CachedBatch batch, List<Long> rows, List<Long> targets) {
        int[] tokens = sequence.tokens();
        int start = sequence.start();
        if (start < 1 || start > tokens.length) {
            throw new IllegalArgumentException("sequence " + index + ": completion start " + start + " is outside 1.."
                    + tokens.length + "; the first token has nothing before it");
        }
        if (start == tokens.length) {
            return;
        }
        CachedSequence cached = new CachedSequence(cache);
        // The state of the token before the completion is needed, so it must be computed.
        int known = cached.adopt(tokens, start - 1);
        int first = batch.add(cached, tokens, known, tokens.length);
        for (int t = start; t < tokens.length; t++) {
            rows.add((long) first + t - 1 - known);
            targets.add((long) tokens[t]);
        }
    }

    private static float[] score(Decoder decoder, CachedBatch batch, List<Long> rows, List<Long> targets) {
        Tensor hidden = decoder.read(batch)
                .index_select(0, Tensors.longs(rows.stream().mapToLong(i -> i).toArray(), rows.size()));
        HeadTarget target = new HeadTarget.Token(
                Tensors.longs(targets.stream().mapToLong(i -> i).toArray(), targets.size()));
        LanguageHead head = decoder.head();
        long budget = Math.max(HEAD_BUDGET, 32 * head.weight().size(0) * Float.BYTES);
        if (!hidden.isfinite().all().item_bool()) {
            throw new NotFiniteException("the model's hidden states are not finite", null);
        }
        try {
            return Tensors.toFloats(
                    LinearLogProb.forward(hidden, head, target, null, budget).logps());
        } catch (KernelException e) {
            if (e.status() != KernelException.Status.INVALID_VALUE) {
                throw e;
            }
            throw new NotFiniteException("the model's logits are not finite", e);
        }
    }
}
