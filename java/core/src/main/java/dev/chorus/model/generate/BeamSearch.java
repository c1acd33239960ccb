package dev.chorus.model.generate;

import dev.chorus.model.Decoder;

import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.cache.CachedSequence;
import dev.chorus.model.cache.KeyValueCache;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Beam search with an n-best list, batched over prompts of different lengths, with a key-value cache.
 *
 * <p>A step expands every hypothesis by its {@code beams} best tokens and keeps the best by summed log-probability; a
 * hypothesis ends at the end-of-sequence token; a prompt is done with {@code beams} ended hypotheses or at the limit. The
 * n-best list is ordered by the <em>mean</em> log-probability of the tokens (Cui et al., arXiv:2406.03199, their code).
 * With one beam this is greedy decoding. Prompts that are done leave the batch. Ties go to the earlier hypothesis, then
 * to the lower token id, so that a run can be repeated.
 *
 * @param beams     hypotheses kept per prompt
 * @param maxTokens new tokens at most, the end of sequence included
 * @param ends      ids of the tokens that end a sequence
 */
public record BeamSearch(int beams, int maxTokens, Set<Integer> ends) {
    /** Refuses sizes below one. */
    public BeamSearch {
        if (beams < 1 || maxTokens < 1) {
            throw new IllegalArgumentException(
                    "beams and maxTokens: expected at least 1, got " + beams + " and " + maxTokens);
        }
        ends = Set.copyOf(ends);
    }

    /** With one end of sequence. */
    public BeamSearch(int beams, int maxTokens, int eos) {
        this(beams, maxTokens, Set.of(eos));
    }

    /**
     * One generated completion.
     *
     * @param tokens generated ids, the end of sequence included if it was reached
     * @param logps  log-probability of every token, nats
     * @param ended  whether the end of sequence was reached
     */
    public record Hypothesis(int[] tokens, double[] logps, boolean ended) {
        /** Mean log-probability of a token. */
        public double meanLogp() {
            return sumLogp() / logps.length;
        }

        /** Summed log-probability. */
        public double sumLogp() {
            return Arrays.stream(logps).sum();
        }

        private Hypothesis extended(int token, double logp, boolean end) {
            int n = tokens.length;
            int[] moreTokens = Arrays.copyOf(tokens, n + 1);
            double[] moreLogps = Arrays.copyOf(logps, n + 1);
            moreTokens[n] = token;
            moreLogps[n] = logp;
            return new Hypothesis(moreTokens, moreLogps, end);
        }
    }

    private record Candidate(int row, Hypothesis parent, double sum, int token, double logp) {}

    /**
     * The best tokens of every row, best first; of equal ones the lower id, which LibTorch's topk does not promise.
     *
     * @param tokens [rows * width]
     * @param logps  [rows * width] nats
     */
    private record Top(int width, int[] tokens, float[] logps) {
        static Top of(Tensor logps, int width) {
            float[] all = Tensors.toFloats(logps);
            int rows = Math.toIntExact(logps.size(0));
            int v = all.length / rows;
            Top top = new Top(width, new int[rows * width], new float[rows * width]);
            for (int row = 0; row < rows; row++) {
                // What is not above the last of the best is most of the vocabulary; NaN is not below it either.
                float last = Float.NEGATIVE_INFINITY;
                for (int token = 0; token < v; token++) {
                    float logp = all[row * v + token];
                    if (token < width || !(logp <= last)) {
                        top.offer(row, token, logp);
                        last = top.logps[(row + 1) * width - 1];
                    }
                }
            }
            return top;
        }

        private void offer(int row, int token, float logp) {
            if (Float.isNaN(logp)) {
                throw new IllegalStateException("the model's logits are not finite; its parameters may not be either");
            }
            int first = row * width;
            int known = Math.min(token, width);
            int place = first + Math.min(known, width - 1);
            while (place > first && logp > logps[place - 1]) {
                logps[place] = logps[place - 1];
                tokens[place] = tokens[place - 1];
                place--;
            }
            logps[place] = logp;
            tokens[place] = token;
        }
    }

    private static final class Item {
        private final int index;
        private final int room;
        private final List<Hypothesis> ended = new ArrayList<>();
        private List<Hypothesis> active = List.of(new Hypothesis(new int[0], new double[0], false));
        private List<Integer> rows;

        /** @param room new tokens at most */
        Item(int index, int room) {
            this.index = index;
            this.room = room;
            rows = List.of(index);
        }
    }

    /**
     * Generates for all prompts at once; cut long lists into batches of a few hundred rows before.
     *
     * @param prompts token ids, none empty
     * @return for every prompt, in order, up to {@code beams} completions, best first; at least one
     */
    public List<List<Hypothesis>> generate(Decoder decoder, List<int[]> prompts) {
        List<List<Hypothesis>> results = new ArrayList<>();
        prompts.forEach(prompt -> results.add(List.of()));
        if (prompts.isEmpty()) {
            return results;
        }
        List<Item> items = new ArrayList<>();
        int limit = decoder.architecture().hardLimit();
        int pages = 0;
        for (int i = 0; i < prompts.size(); i++) {
            int length = prompts.get(i).length;
            if (length == 0 || length >= limit) {
                throw new IllegalArgumentException(
                        length == 0
                                ? "prompt " + i + " has no tokens"
                                : "a prompt of " + length + " tokens leaves no room in " + limit + " positions");
            }
            Item item = new Item(i, Math.min(maxTokens, limit - length));
            items.add(item);
            // Twice: while hypotheses are exchanged, the old and the new ones are held.
            pages += KeyValueCache.pagesOf(length) + 2 * beams * (1 + KeyValueCache.pagesOf(item.room));
        }
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients();
                KeyValueCache cache = new KeyValueCache(
                        decoder.architecture(), decoder.precision(), decoder.architecture().layers(), pages)) {
            List<CachedSequence> rows = new ArrayList<>();
            List<int[]> next = prompts;
            for (int i = 0; i < prompts.size(); i++) {
                rows.add(cache.sequence());
            }
            while (!rows.isEmpty()) {
                try (Scope step = new Scope()) {
                    Tensor logits = decoder.nextLogits(lastHidden(decoder, cache, rows, next));
                    next = expand(items, logits, rows, results);
                }
            }
        }
        return results;
    }

    /** Reads every row's tokens; the hidden states of the last ones [rows, E]. */
    private static Tensor lastHidden(
            Decoder decoder, KeyValueCache cache, List<CachedSequence> rows, List<int[]> tokens) {
        CachedBatch batch = new CachedBatch(cache);
        long[] last = new long[rows.size()];
        for (int row = 0; row < last.length; row++) {
            int[] each = tokens.get(row);
            int known = rows.get(row).length() == 0 ? rows.get(row).adopt(each, each.length - 1) : 0;
            last[row] = (long) batch.add(rows.get(row), each, known, each.length) + each.length - known - 1;
        }
        return decoder.read(batch).index_select(0, Tensors.longs(last, last.length));
    }

    /** Chooses every item's next hypotheses, exchanges the rows for theirs, and returns the token that each reads next. */
    private List<int[]> expand(
            List<Item> items, Tensor logits, List<CachedSequence> rows, List<List<Hypothesis>> results) {
        int width = (int) Math.min(Math.max(beams, 2), logits.size(1));
        Top top = Top.of(torch.log_softmax(logits, 1), width);
        List<CachedSequence> before = List.copyOf(rows);
        boolean[] used = new boolean[before.size()];
        rows.clear();
        List<int[]> next = new ArrayList<>();
        List<Item> going = new ArrayList<>();
        for (Item item : items) {
            advance(item, top);
            boolean done = item.ended.size() >= beams
                    || item.active.isEmpty()
                    || item.active.get(0).tokens().length >= item.room;
            if (done) {
                results.set(item.index, ranked(item));
                continue;
            }
            List<Integer> places = new ArrayList<>();
            for (int h = 0; h < item.active.size(); h++) {
                int[] generated = item.active.get(h).tokens();
                next.add(new int[] {generated[generated.length - 1]});
                int parent = item.rows.get(h);
                places.add(rows.size());
                rows.add(used[parent] ? before.get(parent).fork() : before.get(parent));
                used[parent] = true;
            }
            item.rows = places;
            going.add(item);
        }
        items.clear();
        items.addAll(going);
        for (int row = 0; row < used.length; row++) {
            if (!used[row]) {
                before.get(row).close();
            }
        }
        return next;
    }

    private void advance(Item item, Top top) {
        List<Candidate> candidates = new ArrayList<>();
        for (int h = 0; h < item.active.size(); h++) {
            int row = item.rows.get(h);
            Hypothesis parent = item.active.get(h);
            double sum = parent.sumLogp();
            for (int j = 0; j < top.width(); j++) {
                double logp = top.logps()[row * top.width() + j];
                int token = top.tokens()[row * top.width() + j];
                candidates.add(new Candidate(row, parent, sum + logp, token, logp));
            }
        }
        candidates.sort(Comparator.comparingDouble(Candidate::sum)
                .reversed()
                .thenComparingInt(Candidate::row)
                .thenComparingInt(Candidate::token));
        List<Hypothesis> active = new ArrayList<>();
        List<Integer> rows = new ArrayList<>();
        for (int rank = 0; rank < candidates.size() && active.size() < beams; rank++) {
            Candidate candidate = candidates.get(rank);
            Hypothesis longer = candidate
                    .parent()
                    .extended(candidate.token(), candidate.logp(), ends.contains(candidate.token()));
            if (!longer.ended()) {
                active.add(longer);
                rows.add(candidate.row());
            } else if (rank < beams && item.ended.size() < beams) {
                item.ended.add(longer);
            }
        }
        item.active = active;
        item.rows = rows;
    }

    private List<Hypothesis> ranked(Item item) {
        List<Hypothesis> all = new ArrayList<>(item.ended);
        if (all.isEmpty()) {
            // Cut by the limit: what there is, without an end.
            all.addAll(item.active);
        }
        all.sort(Comparator.comparingDouble(Hypothesis::meanLogp).reversed());
        return all.size() > beams ? List.copyOf(all.subList(0, beams)) : List.copyOf(all);
    }
}
