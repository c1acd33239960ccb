package dev.chorus.cli.score;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.cli.lines.BadLines;
import dev.chorus.cli.lines.JsonLine;
import dev.chorus.cli.lines.LineFiles;
import dev.chorus.cli.lines.ModelNames;
import dev.chorus.cli.lines.OutputLines;
import dev.chorus.cli.progress.ConsoleProgress;
import dev.chorus.cli.score.ScoringModel.ScoreSettings;
import dev.chorus.data.DataException;
import dev.chorus.stage.ProgressListener.StageView;
import dev.chorus.stage.StageException;
import dev.chorus.text.CompletionTokens;
import dev.chorus.text.CompletionTokens.Join;
import dev.chorus.text.TokenizerException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code chorus score}: how probable given completions are under one or several models. */
@Command(
        name = "score",
        description = {
            "Scores completions: the log-probability (nats) of every line's 'completion' behind its 'prompt'.",
            "",
            "Adds to every line: logprob (sum over the completion's tokens), tokens (how many), mean_logprob (0 for an empty "
                    + "completion). With several models: scores, a list of the same with the model's name. Fields of these "
                    + "names are replaced."
        })
public final class ScoreCommand implements Callable<Integer> {
    private static final List<String> JOINS = List.of("joint", "separate", "prompt-length");

    private final ScoringModel.Opener opener;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description = "A model folder in Hugging Face's layout. May be repeated.")
    private List<Path> folders;

    @Mixin
    private LineFiles files;

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
            description = "A low-rank adapter in PEFT's layout, put beside the model's weights. With one --model only.")
    private Path adapter;

    @Option(
            names = "--join",
            paramLabel = "HOW",
            defaultValue = "joint",
            description = "joint (default): prompt and completion are one text, and a token that covers any of the "
                    + "completion belongs to it; separate: two texts; prompt-length: one text, cut behind as many tokens as "
                    + "the prompt alone has.")
    private String join;

    @Option(names = "--eos", description = "Scores the end of sequence as the completion's last token.")
    private boolean eos;

    @Option(
            names = "--no-specials",
            description = "Puts no special tokens around the text, for prompts that hold them already.")
    private boolean noSpecials;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description =
                    "Threads of a step. Default: the library's choice. Another number may change the last digits.")
    private Integer threads;

    @Option(
            names = "--batch-tokens",
            paramLabel = "N",
            defaultValue = "1024",
            description = "Tokens of a batch, roughly. Default: ${DEFAULT-VALUE}.")
    private int batchTokens;

    /** Made by picocli. */
    public ScoreCommand() {
        this(FolderScoring::new);
    }

    /** With other models, for tests. */
    public ScoreCommand(ScoringModel.Opener opener) {
        this.opener = opener;
    }

    @Override
    public Integer call() throws IOException {
        ScoreSettings settings = settings();
        BadLines bad = files.badLines();
        List<JsonLine> lines = files.read(List.of("prompt", "completion"), bad);
        List<String> names = ModelNames.of(folders);
        List<ScoringModel> models = new ArrayList<>();
        try (ConsoleProgress progress = ConsoleProgress.onStandardError()) {
            for (Path folder : folders) {
                models.add(opener.open(folder, settings));
            }
            Checked checked = check(lines, models, names, bad);
            List<StageView> stages = new ArrayList<>();
            for (int m = 0; m < models.size(); m++) {
                double work = checked.sequences().get(m).stream()
                        .mapToDouble(sequence -> sequence.tokens().length)
                        .sum();
                stages.add(new StageView("score/" + names.get(m), "score", work, false));
                if (models.get(m).hasChatTemplate()) {
                    progress.note(names.get(m) + " has a chat template, which is not applied");
                }
            }
            for (int m = 0; m < models.size(); m++) {
                String name = names.get(m);
                models.get(m).notes().forEach(note -> progress.note(name + ": " + note));
            }
            bad.report().forEach(progress::note);
            progress.planned(stages);
            long start = System.nanoTime();
            List<double[][]> scores = new ArrayList<>();
            for (int m = 0; m < models.size(); m++) {
                StageView stage = stages.get(m);
                long begun = System.nanoTime();
                progress.started(stage);
                scores.add(models.get(m).score(checked.sequences().get(m), done -> progress.advanced(stage, done, "")));
                progress.finished(stage, seconds(begun));
            }
            long tokens = write(checked.lines(), names, scores);
            double seconds = seconds(start);
            progress.close();
            files.say(LineFiles.summary(checked.lines().size(), tokens, seconds, names, files.out()));
        } finally {
            models.forEach(ScoringModel::close);
        }
        return 0;
    }

    /**
     * What is left after the models have seen the lengths.
     *
     * @param sequences [model][line]
     */
    private record Checked(List<JsonLine> lines, List<List<CompletionTokens>> sequences) {}

    private Checked check(List<JsonLine> lines, List<ScoringModel> models, List<String> names, BadLines bad) {
        Checked checked = new Checked(new ArrayList<>(), new ArrayList<>());
        models.forEach(model -> checked.sequences().add(new ArrayList<>()));
        for (JsonLine line : lines) {
            List<CompletionTokens> sequences = new ArrayList<>();
            String problem = "";
            for (int m = 0; m < models.size() && problem.isEmpty(); m++) {
                try {
                    CompletionTokens tokens = models.get(m).tokens(line.text("prompt"), line.text("completion"));
                    sequences.add(tokens);
                    problem = problem(tokens, models.get(m), names.get(m));
                } catch (TokenizerException e) {
                    problem = e.getMessage();
                }
            }
            if (problem.isEmpty()) {
                checked.lines().add(line);
                for (int m = 0; m < models.size(); m++) {
                    checked.sequences().get(m).add(sequences.get(m));
                }
            } else {
                bad.add(line.number(), problem);
            }
        }
        if (checked.lines().isEmpty()) {
            throw new DataException(
                    files.data(),
                    0,
                    "holds no usable line; the first: " + bad.report().get(1));
        }
        return checked;
    }

    private static String problem(CompletionTokens tokens, ScoringModel model, String name) {
        int length = tokens.tokens().length;
        if (length > model.positions()) {
            return "too long for " + name + ": prompt and completion have " + length + " tokens, it takes "
                    + model.positions();
        }
        int beyond = Arrays.stream(tokens.tokens()).max().orElse(0);
        if (beyond >= model.vocabulary()) {
            return "the tokenizer of " + name + " makes id " + beyond + " of it, the model's vocabulary is "
                    + model.vocabulary();
        }
        return tokens.start() == 0 && length > 0
                ? "'prompt': has no token for " + name + ", so nothing predicts the completion's first"
                : "";
    }

    private long write(List<JsonLine> lines, List<String> names, List<double[][]> scores) throws IOException {
        long tokens = 0;
        try (OutputLines out = files.results()) {
            for (int i = 0; i < lines.size(); i++) {
                ObjectNode fields = lines.get(i).copy();
                ArrayNode list = names.size() == 1 ? null : fields.putArray("scores");
                for (int m = 0; m < names.size(); m++) {
                    double[] logps = scores.get(m)[i];
                    double sum = Arrays.stream(logps).sum();
                    if (!Double.isFinite(sum)) {
                        throw new StageException(
                                files.data() + ":" + lines.get(i).number() + ": the log-probability under "
                                        + names.get(m) + " is " + sum + "; are the weights damaged?",
                                null);
                    }
                    ObjectNode score = list == null ? fields : list.addObject().put("model", names.get(m));
                    score.put("logprob", sum);
                    score.put("tokens", logps.length);
                    score.put("mean_logprob", logps.length == 0 ? 0 : sum / logps.length);
                    tokens += logps.length;
                }
                out.write(fields);
            }
            out.commit();
        }
        return tokens;
    }

    private ScoreSettings settings() {
        if (adapter != null && folders.size() > 1) {
            throw files.usage("--adapter belongs to one model, and there are " + folders.size());
        }
        if (!List.of("auto", "f32", "bf16").contains(dtype)) {
            throw files.usage("--dtype: expected auto, f32 or bf16, got " + dtype);
        }
        if (!JOINS.contains(join)) {
            throw files.usage("--join: expected one of " + JOINS + ", got " + join);
        }
        if (threads != null && threads < 1) {
            throw files.usage("--threads: expected 1 or more, got " + threads);
        }
        if (batchTokens < 1) {
            throw files.usage("--batch-tokens: expected 1 or more, got " + batchTokens);
        }
        Join how = Join.valueOf(join.replace('-', '_').toUpperCase(Locale.ROOT));
        return new ScoreSettings(dtype, adapter, how, eos, threads == null ? 0 : threads, batchTokens, !noSpecials);
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
