package dev.chorus.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.generate.Completion;
import dev.chorus.model.generate.GenerationSettings;
import dev.chorus.model.generate.Generator;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.model.weights.Precision;
import dev.chorus.text.CompletionTokens;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Scoring and generation with a model folder, as {@code benchmarks/peers/checkpoint_speed.py} does them with transformers: the
 * model is open, one run warms up, the next is timed. Prints one line.
 *
 * <pre>
 * score    MODEL DATA.jsonl f32|bf16 N          log-probabilities of N answers ("prompt", "chosen")
 * generate MODEL DATA.jsonl f32|bf16 N NEW      NEW greedy tokens for each of N prompts
 * samples  MODEL DATA.jsonl f32|bf16 N NEW      N sampled completions of one prompt of 600 tokens, together and one by one
 * </pre>
 */
public final class CheckpointSpeed {
    private static final int THREADS = 2;
    private static final int BATCH_TOKENS = 1024;
    private static final int LONG_PROMPT = 600;

    private CheckpointSpeed() {}

    /** Runs one of the works. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 5) {
            throw new IllegalArgumentException("expected: score|generate|samples MODEL DATA.jsonl f32|bf16 N [NEW]");
        }
        LibTorch.threads(THREADS);
        int count = Integer.parseInt(arguments[4]);
        List<JsonNode> lines = new ArrayList<>();
        int read = arguments[0].equals("samples") ? LONG_PROMPT / 20 : count;
        for (String line : Files.readAllLines(Path.of(arguments[2])).subList(0, read)) {
            lines.add(new ObjectMapper().readTree(line));
        }
        try (ModelFolder model = ModelFolder.open(Path.of(arguments[1]), Precision.named(arguments[3]))) {
            System.out.println(switch (arguments[0]) {
                        case "score" -> score(model, lines);
                        case "generate" -> generate(model, lines, Integer.parseInt(arguments[5]));
                        case "samples" -> samples(model, lines, count, Integer.parseInt(arguments[5]));
                        default ->
                            throw new IllegalArgumentException(
                                    "expected score, generate or samples, got " + arguments[0]);
                    }
                    + " peak_rss_mb " + peakMegabytes());
        }
    }

    private static String score(ModelFolder model, List<JsonNode> lines) {
        List<Sequence> sequences = new ArrayList<>();
        for (JsonNode line : lines) {
            CompletionTokens tokens = CompletionTokens.of(
                    model.tokenizer(),
                    line.get("prompt").asText(),
                    line.get("chosen").asText(),
                    CompletionTokens.Join.PROMPT_LENGTH,
                    false);
            sequences.add(new Sequence(tokens.tokens(), tokens.start()));
        }
        double[] sum = new double[1];
        double seconds = timed(() -> {
            sum[0] = 0;
            for (double[] logps : SequenceScorer.tokenLogps(model.decoder(), sequences, BATCH_TOKENS)) {
                for (double logp : logps) {
                    sum[0] += logp;
                }
            }
        });
        return String.format(Locale.ROOT, "sequences_per_s %.2f sum_logprob %.3f", sequences.size() / seconds, sum[0]);
    }

    private static String generate(ModelFolder model, List<JsonNode> lines, int length) {
        List<int[]> prompts = lines.stream()
                .map(line ->
                        model.tokenizer().encodeWithSpecials(line.get("prompt").asText()))
                .toList();
        GenerationSettings settings =
                new GenerationSettings(length, 1, 0, 0, 1, 1, 1, List.of(), true, 0, prompts.size());
        double seconds = timed(() -> run(model, prompts, settings));
        return String.format(Locale.ROOT, "new_tokens_per_s %.1f", prompts.size() * length / seconds);
    }

    private static String samples(ModelFolder model, List<JsonNode> lines, int count, int length) {
        StringBuilder text = new StringBuilder();
        for (JsonNode line : lines) {
            text.append(line.get("prompt").asText()).append(line.get("chosen").asText());
        }
        int[] all = model.tokenizer().encodeWithSpecials(text.toString());
        if (all.length < LONG_PROMPT) {
            throw new IllegalArgumentException(
                    "expected lines of " + LONG_PROMPT + " tokens together, got " + all.length);
        }
        List<int[]> prompt = List.of(java.util.Arrays.copyOf(all, LONG_PROMPT));
        double together = timed(() -> run(model, prompt, sampled(count, length, count)));
        double apart = timed(() -> {
            for (int i = 0; i < count; i++) {
                run(model, prompt, sampled(1, length, 1));
            }
        });
        return String.format(
                Locale.ROOT, "together_s %.3f one_by_one_s %.3f times %.2f", together, apart, apart / together);
    }

    private static GenerationSettings sampled(int samples, int length, int rows) {
        return new GenerationSettings(length, samples, 1, 0, 1, 1, 1, List.of(), true, 0, rows);
    }

    private static void run(ModelFolder model, List<int[]> prompts, GenerationSettings settings) {
        List<List<Completion>> completions =
                Generator.generate(model.decoder(), model.tokenizer(), prompts, settings, done -> {});
        if (completions.get(0).get(0).tokens().length != settings.maxNewTokens()) {
            throw new IllegalStateException("a completion is shorter than asked for");
        }
    }

    private static double timed(Runnable work) {
        work.run();
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private static long peakMegabytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElse(-1);
    }
}
