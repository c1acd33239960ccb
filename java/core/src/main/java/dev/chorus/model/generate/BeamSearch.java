package dev.chorus.model.generate;

import dev.chorus.model.Decoder;
import dev.chorus.model.NotFiniteException;
import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.cache.CachedSequence;
import dev.chorus.model.cache.KeyValueCache;
import dev.chorus.model.family.GenerationDefaults;
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
 * hypothesis ends at the end-of-sequence token; a prompt is done with {@code beams} ended hypotheses or at the limit, where
 * those that have not ended stand beside those that have. The n-best list is ordered by the <em>mean</em> log-probability of the tokens (Cui et al., arXiv:2406.03199, their code).
 * With one beam this is greedy decoding. Prompts that are done leave the batch. Ties go to the earlier hypothesis, then
 * to the lower token id, so that a run can be repeated.
 *
 * @param beams     hypotheses kept per prompt
 * @param maxTokens new tokens at most, the end of sequence included
 * @param ends      ids of the tokens that end a sequence
 * @param defaults  rules of the model's folder; they change the log-probabilities that the search goes by, in place of the
 *                  logits, as in transformers
 */
public record BeamSearch(int beams, int maxTokens, Set<Integer> ends, GenerationDefaults defaults) {
    /** Refuses sizes below one. */
    public BeamSearch {
        if (beams < 1 || maxTokens < 1) {
            throw new IllegalArgumentException(
                    "beams and maxTokens: expected at least 1, got " + beams + " and " + maxTokens);
        }
        ends = Set.copyOf(ends);
    }

    /** Without rules of the folder. */
    public BeamSearch(int beams, int maxTokens, Set<Integer> ends) {
        this(beams, maxTokens, ends, GenerationDefaults.NONE);
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

    /**
     * A hypothesis on its way.
     *
     * @param tokens and their log-probabilities
     * @param score  sum that the search goes by: that of the log-probabilities, unless a rule changed them
     */
    private record Scored(Hypothesis tokens, double score) {
        /** The criterion of the list. */
        double mean() {
            return score / tokens.tokens().length;
        }
    }

    private record Candidate(int row, Scored parent, double sum, int token, double logp) {}

    /**
     * The best tokens of every row, best first; of equal ones the lower id, which LibTorch's topk does not promise.
     *
     * @param tokens [rows * width]
     * @param scores [rows * width] that they were chosen by
     * @param logps  [rows * width] nats, under the model itself
     */
    private record Top(int width, int[] tokens, float[] scores, float[] logps) {
        /**
         * Finds them.
         *
         * @param all   [rows * v] scores
         * @param under [rows * v] log-probabilities under the model itself
         */
        static Top of(float[] all, float[] under, int rows, int width) {
            int v = all.length / rows;
            Top top = new Top(width, new int[rows * width], new float[rows * width], new float[rows * width]);
            for (int row = 0; row < rows; row++) {
                // What is not above the last of the best is most of the vocabulary; NaN is not below it either.
                float last = Float.NEGATIVE_INFINITY;
                for (int token = 0; token < v; token++) {
                    float score = all[row * v + token];
                    if (token < width || !(score <= last)) {
                        top.offer(row, token, score);
                        last = top.scores[(row + 1) * width - 1];
                    }
                }
                for (int place = row * width; place < (row + 1) * width; place++) {
                    top.logps[place] = under[row * v + top.tokens[place]];
                }
            }
            return top;
        }

        private void offer(int row, int token, float score) {
            if (Float.isNaN(score)) {
                throw new NotFiniteException("the model's logits are not finite", null);
            }
            int first = row * width;
            int known = Math.min(token, width);
            int place = first + Math.min(known, width - 1);
            while (place > first && score > scores[place - 1]) {
                scores[place] = scores[place - 1];
                tokens[place] = tokens[place - 1];
                place--;
            }
            scores[place] = score;
            tokens[place] = token;
        }
    }

    private static final class Item {
        private final int index;
        private final int[] prompt;
        private final int room;
        private final List<Scored> ended = new ArrayList<>();
        private List<Scored> active = List.of(new Scored(new Hypothesis(new int[0], new double[0], false), 0));
        private List<Integer> rows;

        /** @param room new tokens at most */
        Item(int index, int[] prompt, int room) {
            this.index = index;
            this.prompt = prompt;
            this.room = room;
            rows = List.of(index);
        }

        /** Whether the limit is reached. */
        boolean full() {
            return !active.isEmpty() && active.get(0).tokens().tokens().length >= room;
        }
    }

    /**
     * Generates for all prompts at once; cut long lists into batches of a few hundred rows before.
     *
     * @param prompts token ids, none empty
     * @return for every prompt, in order, {@code beams} completions, best first; fewer only where so many different ones are
     *     not possible
     * @throws NotFiniteException if a logit is no number
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
            Item item = new Item(i, prompts.get(i), Math.min(maxTokens, limit - length));
            items.add(item);
            // Twice: while hypotheses are exchanged, the old and the new ones are held.
            pages += KeyValueCache.pagesOf(length) + 2 * beams * (1 + KeyValueCache.pagesOf(item.room));
        }
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients();
                KeyValueCache cache = new KeyValueCache(
                        decoder.architecture(),
                        decoder.precision(),
                        decoder.architecture().layers(),
                        pages)) {
            List<CachedSequence> rows = new ArrayList<>();
            List<int[]> next = prompts;
            for (int i = 0; i < prompts.size(); i++) {
                rows.add(new CachedSequence(cache));
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
        float[] logps = Tensors.toFloats(torch.log_softmax(logits, 1));
        Top top = Top.of(scores(items, logps, Math.toIntExact(logits.size(1))), logps, rows.size(), width);
        List<CachedSequence> before = List.copyOf(rows);
        boolean[] used = new boolean[before.size()];
        rows.clear();
        List<int[]> next = new ArrayList<>();
        List<Item> going = new ArrayList<>();
        for (Item item : items) {
            advance(item, top);
            if (item.ended.size() >= beams || item.active.isEmpty() || item.full()) {
                results.set(item.index, ranked(item));
                continue;
            }
            List<Integer> places = new ArrayList<>();
            for (int h = 0; h < item.active.size(); h++) {
                int[] generated = item.active.get(h).tokens().tokens();
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

    /** What the search goes by: the log-probabilities, changed by the folder's rules if there are any. */
    private float[] scores(List<Item> items, float[] logps, int v) {
        LogitRules rules = new LogitRules(defaults, ends);
        if (rules.none()) {
            return logps;
        }
        float[] scores = logps.clone();
        for (Item item : items) {
            for (int h = 0; h < item.active.size(); h++) {
                int[] generated = item.active.get(h).tokens().tokens();
                rules.apply(scores, item.rows.get(h) * v, v, item.prompt, generated);
            }
        }
        return scores;
    }

    private void advance(Item item, Top top) {
        List<Candidate> candidates = new ArrayList<>();
        for (int h = 0; h < item.active.size(); h++) {
            int row = item.rows.get(h);
            Scored parent = item.active.get(h);
            for (int j = 0; j < top.width(); j++) {
                int place = row * top.width() + j;
                double sum = parent.score() + top.scores()[place];
                candidates.add(new Candidate(row, parent, sum, top.tokens()[place], top.logps()[place]));
            }
        }
        candidates.sort(Comparator.comparingDouble(Candidate::sum)
                .reversed()
                .thenComparingInt(Candidate::row)
                .thenComparingInt(Candidate::token));
        List<Scored> active = new ArrayList<>();
        List<Integer> rows = new ArrayList<>();
        for (int rank = 0; rank < candidates.size() && active.size() < beams; rank++) {
            Candidate candidate = candidates.get(rank);
            boolean end = ends.contains(candidate.token());
            Scored longer = new Scored(
                    candidate.parent().tokens().extended(candidate.token(), candidate.logp(), end), candidate.sum());
            if (candidate.sum() == Double.NEGATIVE_INFINITY && !(active.isEmpty() && item.ended.isEmpty())) {
                // A rule bans it, and there are others.
                break;
            }
            if (!end) {
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
        List<Scored> all = new ArrayList<>(item.ended);
        if (item.full()) {
            // Cut by the limit: what has not ended counts as what it is by then.
            all.addAll(item.active);
        }
        all.sort(Comparator.comparingDouble(Scored::mean).reversed());
        return all.stream().limit(beams).map(Scored::tokens).toList();
    }
}
