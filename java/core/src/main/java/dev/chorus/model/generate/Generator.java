package dev.chorus.model.generate;

import dev.chorus.model.Decoder;
import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.cache.CachedSequence;
import dev.chorus.model.cache.KeyValueCache;
import dev.chorus.model.generate.Completion.FinishReason;
import dev.chorus.text.Tokenizer;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Completes many prompts. Sequences of different lengths run side by side without padding; one that ends makes room for the
 * next that waits (Yu et al., OSDI 2022); prompts that begin alike, such as several samples of one, have that beginning computed
 * and stored once. What a prompt gets does not depend on which others run beside it, up to the rounding of matrix products.
 */
public final class Generator {
    /** Prompt tokens that one step reads at most, beyond a first prompt; keeps its activations small. */
    private static final int PROMPT_TOKENS = 2048;

    private final Decoder decoder;
    private final GenerationSettings settings;
    private final StopTexts texts;
    private final LogitRules rules;
    private final Sampler sampler;
    private final Set<Integer> ends = new HashSet<>();

    private Generator(Decoder decoder, Tokenizer tokenizer, GenerationSettings settings) {
        this.decoder = decoder;
        this.settings = settings;
        texts = new StopTexts(tokenizer, settings.stop());
        if (!settings.ignoreEos()) {
            Arrays.stream(decoder.config().tokenIds("eos_token_id")).forEach(ends::add);
            tokenizer.eosId().ifPresent(ends::add);
        }
        rules = new LogitRules(settings.defaults(), ends);
        sampler = new Sampler(settings, rules);
    }

    /** One completion on its way. */
    private static final class Request {
        private final int prompt;
        private final int sample;
        private final int[] tokens;
        private final int room;
        private final CounterRandom stream;
        private CachedSequence sequence;
        private int[] generated = new int[0];
        private double[] logps = new double[0];

        Request(int prompt, long number, int sample, int[] tokens, int room, long seed) {
            this.prompt = prompt;
            this.sample = sample;
            this.tokens = tokens;
            this.room = room;
            stream = CounterRandom.of(seed, "generate/" + number + "/" + sample);
        }

        Sampler.Row row() {
            return new Sampler.Row(tokens, generated, stream);
        }

        void append(int token, double logp) {
            generated = Arrays.copyOf(generated, generated.length + 1);
            logps = Arrays.copyOf(logps, logps.length + 1);
            generated[generated.length - 1] = token;
            logps[logps.length - 1] = logp;
        }
    }

    /** As the next, with prompts numbered from 0. */
    public static List<List<Completion>> generate(
            Decoder decoder,
            Tokenizer tokenizer,
            List<int[]> prompts,
            GenerationSettings settings,
            DoubleConsumer progress) {
        return generate(
                decoder, tokenizer, prompts, LongStream.range(0, prompts.size()).toArray(), settings, progress);
    }

    /**
     * Completes all prompts.
     *
     * @param prompts  token ids, none empty
     * @param numbers  [prompt] what a prompt's samples are a function of, with the seed and the sample's number
     * @param progress hears the share of the completions that are done, 0 to 1
     * @return [prompt][sample, or place in the n-best list], in the order given
     * @throws IllegalArgumentException if a prompt is empty or leaves no room; names its index
     */
    public static List<List<Completion>> generate(
            Decoder decoder,
            Tokenizer tokenizer,
            List<int[]> prompts,
            long[] numbers,
            GenerationSettings settings,
            DoubleConsumer progress) {
        if (numbers.length != prompts.size()) {
            throw new IllegalArgumentException(prompts.size() + " prompts, but " + numbers.length + " numbers of them");
        }
        Generator generator = new Generator(decoder, tokenizer, settings);
        return settings.beams() > 1 ? generator.search(prompts, progress) : generator.run(prompts, numbers, progress);
    }

    private List<List<Completion>> run(List<int[]> prompts, long[] numbers, DoubleConsumer progress) {
        Deque<Request> waiting = new ArrayDeque<>();
        Completion[][] done = new Completion[prompts.size()][settings.samples()];
        int longest = 0;
        for (int i = 0; i < prompts.size(); i++) {
            int room = room(i, prompts.get(i));
            longest = Math.max(longest, prompts.get(i).length + room);
            for (int sample = 0; sample < settings.samples(); sample++) {
                waiting.add(new Request(i, numbers[i], sample, prompts.get(i), room, settings.seed()));
            }
        }
        int total = waiting.size();
        int rows = Math.min(settings.rows(), total);
        if (total > 0) {
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients();
                    KeyValueCache cache = new KeyValueCache(
                            decoder.architecture(),
                            decoder.precision(),
                            decoder.architecture().layers(),
                            Math.multiplyExact(rows, KeyValueCache.pagesOf(longest)))) {
                List<Request> running = new ArrayList<>();
                while (!waiting.isEmpty() || !running.isEmpty()) {
                    step(cache, running, waiting, rows, done);
                    progress.accept((double) (total - waiting.size() - running.size()) / total);
                }
            }
        }
        return Arrays.stream(done).map(List::of).toList();
    }

    /** One token for every running request, after new ones have joined them. */
    private void step(
            KeyValueCache cache, List<Request> running, Deque<Request> waiting, int rows, Completion[][] done) {
        try (Scope scope = new Scope()) {
            CachedBatch batch = new CachedBatch(cache);
            List<Long> last = new ArrayList<>();
            for (Request request : running) {
                int newest = request.generated[request.generated.length - 1];
                last.add((long) batch.add(request.sequence, new int[] {newest}, 0, 1));
            }
            int budget = PROMPT_TOKENS;
            while (running.size() < rows && !waiting.isEmpty() && budget > 0) {
                Request request = waiting.remove();
                request.sequence = new CachedSequence(cache);
                // The last token's state predicts the first new one, so it is computed in any case.
                int length = request.tokens.length;
                int known = request.sequence.adopt(request.tokens, length - 1);
                last.add((long) batch.add(request.sequence, request.tokens, known, length) + length - known - 1);
                budget -= length - known;
                running.add(request);
            }
            Tensor hidden = decoder.read(batch)
                    .index_select(
                            0, Tensors.longs(last.stream().mapToLong(i -> i).toArray(), last.size()));
            Sampler.Choice choice = sampler.choose(
                    decoder.nextLogits(hidden),
                    running.stream().map(Request::row).toList());
            List<Request> going = new ArrayList<>();
            for (int row = 0; row < running.size(); row++) {
                Request request = running.get(row);
                request.append(choice.ids()[row], choice.logps()[row]);
                Completion completion = finished(request);
                if (completion == null) {
                    going.add(request);
                } else {
                    done[request.prompt][request.sample] = completion;
                    request.sequence.close();
                }
            }
            running.clear();
            running.addAll(going);
        }
    }

    /** The completion, or null if it goes on. */
    private Completion finished(Request request) {
        int newest = request.generated[request.generated.length - 1];
        boolean ended = ends.contains(newest);
        boolean full = request.generated.length == request.room;
        if (!ended && !full && !texts.any()) {
            return null;
        }
        StopTexts.Text text = texts.of(request.tokens, withoutEnd(request.generated, ended));
        if (!ended && !full && !text.stopped()) {
            return null;
        }
        return new Completion(
                request.generated,
                request.logps,
                text.text(),
                ended || text.stopped() ? FinishReason.STOP : FinishReason.LENGTH);
    }

    /** Beam search knows no waiting rows: batches of prompts of similar length, one after the other. */
    private List<List<Completion>> search(List<int[]> prompts, DoubleConsumer progress) {
        BeamSearch search = new BeamSearch(settings.beams(), settings.maxNewTokens(), ends, settings.defaults());
        List<List<Completion>> results = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            room(i, prompts.get(i));
            results.add(List.of());
        }
        List<Integer> order = IntStream.range(0, prompts.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> prompts.get(i).length))
                .toList();
        int width = Math.max(1, settings.rows() / settings.beams());
        for (int from = 0; from < order.size(); from += width) {
            List<Integer> members = order.subList(from, Math.min(from + width, order.size()));
            List<List<BeamSearch.Hypothesis>> found =
                    search.generate(decoder, members.stream().map(prompts::get).toList());
            for (int i = 0; i < members.size(); i++) {
                int[] prompt = prompts.get(members.get(i));
                results.set(
                        members.get(i),
                        found.get(i).stream()
                                .limit(settings.nBest())
                                .map(hypothesis -> completion(prompt, hypothesis))
                                .toList());
            }
            progress.accept((double) (from + members.size()) / order.size());
        }
        return results;
    }

    /** A stop text cuts a hypothesis off when the search is over; it does not steer it. */
    private Completion completion(int[] prompt, BeamSearch.Hypothesis hypothesis) {
        StopTexts.Text text = texts.of(prompt, withoutEnd(hypothesis.tokens(), hypothesis.ended()));
        return new Completion(
                hypothesis.tokens(),
                hypothesis.logps(),
                text.text(),
                hypothesis.ended() || text.stopped() ? FinishReason.STOP : FinishReason.LENGTH);
    }

    private static int[] withoutEnd(int[] tokens, boolean ended) {
        return ended ? Arrays.copyOf(tokens, tokens.length - 1) : tokens;
    }

    private int room(int index, int[] prompt) {
        int limit = decoder.architecture().hardLimit();
        if (prompt.length == 0 || prompt.length >= limit) {
            throw new IllegalArgumentException(
                    prompt.length == 0
                            ? "prompt " + index + " has no tokens"
                            : "prompt " + index + " of " + prompt.length + " tokens leaves no room in " + limit
                                    + " positions");
        }
        return Math.min(settings.maxNewTokens(), limit - prompt.length);
    }
}
