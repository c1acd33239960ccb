package dev.chorus.cli.generate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.cli.generate.GeneratingModel.Completion;
import dev.chorus.cli.generate.GeneratingModel.GenerateSettings;
import dev.chorus.cli.lines.BadLines;
import dev.chorus.cli.lines.JsonLine;
import dev.chorus.cli.lines.LineFiles;
import dev.chorus.cli.lines.ModelNames;
import dev.chorus.cli.lines.OutputLines;
import dev.chorus.cli.progress.ConsoleProgress;
import dev.chorus.data.DataException;
import dev.chorus.stage.ProgressListener.StageView;
import dev.chorus.text.TokenizerException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code chorus generate}: what a model makes of prompts. */
@Command(
        name = "generate",
        description = {
            "Completes prompts: greedily, by sampling, or by beam search.",
            "",
            "Adds to every line: completion, logprob (nats, sum over the generated tokens), tokens (how many), finish_reason "
                    + "(stop: the end of sequence or a stop text; length), and, where a line gets more than one, sample (from "
                    + "0). Fields of these names are replaced."
        })
public final class GenerateCommand implements Callable<Integer> {
    private final GeneratingModel.Opener opener;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description = "A model folder in Hugging Face's layout.")
    private Path folder;

    @Mixin
    private LineFiles files;

    @Option(
            names = "--max-new-tokens",
            required = true,
            paramLabel = "N",
            description = "The longest completion, in tokens.")
    private int maxNewTokens;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "auto",
            description =
                    "f32 or bf16: what weights are held and multiplied in. Default: auto, as the files have them.")
    private String dtype;

    @Option(
            names = "--adapter",
            paramLabel = "DIR",
            description = "A low-rank adapter in PEFT's layout, put beside the model's weights.")
    private Path adapter;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "0",
            description = "Divides the logits before sampling. Default: 0, the most probable token every time.")
    private double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            defaultValue = "0",
            description = "Samples from the K most probable tokens. Default: 0, from all.")
    private int topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            defaultValue = "1",
            description = "Samples from the fewest tokens with probability P together. Default: 1, from all.")
    private double topP;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "1",
            description = "Completions a prompt, with a temperature. Default: ${DEFAULT-VALUE}.")
    private int samples;

    @Option(
            names = "--beams",
            paramLabel = "B",
            defaultValue = "1",
            description = "Beam search with B hypotheses. Default: 1, none.")
    private int beams;

    @Option(
            names = "--n-best",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many of the hypotheses are written. Default: ${DEFAULT-VALUE}.")
    private int nBest;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "Ends a completion and is not part of it. May be repeated.")
    private List<String> stop = new ArrayList<>();

    @Option(
            names = "--ignore-eos",
            description = "Goes on behind the end of sequence, to --max-new-tokens; for measurements.")
    private boolean ignoreEos;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "0",
            description = "Of the sampling. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--rows",
            paramLabel = "R",
            defaultValue = "32",
            description = "Sequences that run at a time. Default: ${DEFAULT-VALUE}.")
    private int rows;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "P",
            description =
                    "Makes tokens that are there already less probable; 1 for no such rule. Default: what the folder's "
                            + "generation_config.json says.")
    private Double repetitionPenalty;

    @Option(
            names = "--no-repeat-ngram",
            paramLabel = "N",
            description = "No N tokens in a row come twice; 0 for no such rule. Default: what the folder's "
                    + "generation_config.json says.")
    private Integer noRepeatNgram;

    @Option(
            names = "--no-specials",
            description = "Puts no special tokens around prompts, for prompts that hold them already.")
    private boolean noSpecials;

    @Option(names = "--token-logprobs", description = "Adds token_logprobs: the log-probability of every token.")
    private boolean tokenLogprobs;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description =
                    "Threads of a step. Default: the library's choice. Another number may change the last digits.")
    private Integer threads;

    /** Made by picocli. */
    public GenerateCommand() {
        this(FolderGenerating::new);
    }

    /** With another model, for tests. */
    public GenerateCommand(GeneratingModel.Opener opener) {
        this.opener = opener;
    }

    @Override
    public Integer call() throws IOException {
        GenerateSettings settings = settings();
        BadLines bad = files.badLines();
        List<JsonLine> lines = files.read(List.of("prompt"), bad);
        List<String> names = ModelNames.of(List.of(folder));
        try (ConsoleProgress progress = ConsoleProgress.onStandardError();
                GeneratingModel model = opener.open(folder, settings)) {
            List<JsonLine> good = new ArrayList<>();
            List<int[]> prompts = new ArrayList<>();
            check(lines, model, good, prompts, bad);
            if (model.hasChatTemplate()) {
                progress.note(names.get(0) + " has a chat template, which is not applied");
            }
            model.notes().forEach(progress::note);
            bad.report().forEach(progress::note);
            StageView stage = new StageView("generate/" + names.get(0), "generate", prompts.size(), false);
            progress.planned(List.of(stage));
            long start = System.nanoTime();
            progress.started(stage);
            List<List<Completion>> completions = model.generate(
                    prompts,
                    good.stream().mapToLong(JsonLine::number).toArray(),
                    done -> progress.advanced(stage, done, ""));
            double seconds = (System.nanoTime() - start) / 1e9;
            progress.finished(stage, seconds);
            long tokens = write(good, completions, Math.max(settings.samples(), settings.nBest()) > 1);
            progress.close();
            files.say(LineFiles.summary(good.size(), tokens, seconds, names, files.out()));
        }
        return 0;
    }

    private void check(
            List<JsonLine> lines, GeneratingModel model, List<JsonLine> good, List<int[]> prompts, BadLines bad) {
        for (JsonLine line : lines) {
            int[] tokens;
            try {
                tokens = model.tokens(line.text("prompt"));
            } catch (TokenizerException e) {
                bad.add(line.number(), "'prompt': " + e.getMessage());
                continue;
            }
            int beyond = Arrays.stream(tokens).max().orElse(0);
            if (beyond >= model.vocabulary()) {
                bad.add(
                        line.number(),
                        "'prompt': the tokenizer makes id " + beyond + " of it, the model's vocabulary is "
                                + model.vocabulary());
            } else if (tokens.length == 0) {
                bad.add(line.number(), "'prompt': has no token, so nothing predicts the first");
            } else if (tokens.length > model.positions() - maxNewTokens) {
                bad.add(
                        line.number(),
                        "too long: the prompt has " + tokens.length + " tokens, with --max-new-tokens " + maxNewTokens
                                + " the model would need to take " + (tokens.length + maxNewTokens) + ", it takes "
                                + model.positions());
            } else {
                good.add(line);
                prompts.add(tokens);
            }
        }
        if (good.isEmpty()) {
            throw new DataException(
                    files.data(),
                    0,
                    "holds no usable line; the first: " + bad.report().get(1));
        }
    }

    private long write(List<JsonLine> lines, List<List<Completion>> completions, boolean several) throws IOException {
        long tokens = 0;
        try (OutputLines out = files.results()) {
            for (int i = 0; i < lines.size(); i++) {
                int sample = 0;
                for (Completion completion : completions.get(i)) {
                    ObjectNode fields = lines.get(i).copy();
                    fields.put("completion", completion.text());
                    fields.put("logprob", Arrays.stream(completion.logps()).sum());
                    fields.put("finish_reason", completion.finishReason());
                    fields.put("tokens", completion.logps().length);
                    if (several) {
                        fields.put("sample", sample++);
                    }
                    if (tokenLogprobs) {
                        Arrays.stream(completion.logps()).forEach(fields.putArray("token_logprobs")::add);
                    }
                    tokens += completion.logps().length;
                    out.write(fields);
                }
            }
            out.commit();
        }
        return tokens;
    }

    private GenerateSettings settings() {
        require(List.of("auto", "f32", "bf16").contains(dtype), "--dtype: expected auto, f32 or bf16, got " + dtype);
        require(maxNewTokens >= 1, "--max-new-tokens: expected 1 or more, got " + maxNewTokens);
        require(
                temperature >= 0 && Double.isFinite(temperature),
                "--temperature: expected 0 or more, got " + temperature);
        require(topK >= 0, "--top-k: expected 0 or more, got " + topK);
        require(topP > 0 && topP <= 1, "--top-p: expected above 0 and up to 1, got " + topP);
        require(samples >= 1, "--samples: expected 1 or more, got " + samples);
        require(beams >= 1, "--beams: expected 1 or more, got " + beams);
        require(nBest >= 1 && nBest <= beams, "--n-best: expected 1 to --beams (" + beams + "), got " + nBest);
        require(
                repetitionPenalty == null || (repetitionPenalty > 0 && Double.isFinite(repetitionPenalty)),
                "--repetition-penalty: expected a number above 0, got " + repetitionPenalty);
        require(
                noRepeatNgram == null || noRepeatNgram >= 0,
                "--no-repeat-ngram: expected 0 or more, got " + noRepeatNgram);
        require(rows >= 1, "--rows: expected 1 or more, got " + rows);
        require(threads == null || threads >= 1, "--threads: expected 1 or more, got " + threads);
        require(stop.stream().noneMatch(String::isEmpty), "--stop: an empty text would end every completion");
        require(beams == 1 || temperature == 0, "--beams does not sample; leave out --temperature");
        require(
                temperature > 0 || (samples == 1 && topK == 0 && topP == 1),
                "--samples, --top-k and --top-p need a --temperature above 0; without one the most probable token is taken");
        return new GenerateSettings(
                dtype,
                adapter,
                threads == null ? 0 : threads,
                maxNewTokens,
                samples,
                temperature,
                topK,
                topP,
                beams,
                nBest,
                List.copyOf(stop),
                ignoreEos,
                seed,
                rows,
                !noSpecials,
                repetitionPenalty,
                noRepeatNgram);
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw files.usage(problem);
        }
    }
}
