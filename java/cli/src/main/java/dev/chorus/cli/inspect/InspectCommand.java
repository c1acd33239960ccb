package dev.chorus.cli.inspect;

import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.checkpoint.CheckpointLoader;
import dev.chorus.model.checkpoint.TensorStore;
import dev.chorus.model.checkpoint.WeightScan;
import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.ConfigProblem;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.family.Positions;
import dev.chorus.text.FolderFile;
import dev.chorus.text.ModelPath;
import dev.chorus.text.Shown;
import dev.chorus.text.Tokenizer;
import dev.chorus.text.TokenizerException;
import dev.chorus.text.TokenizerProbe;
import dev.chorus.text.Visible;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code chorus inspect}: what a model folder holds, and whether it can be run. */
@Command(
        name = "inspect",
        description = {
            "Shows what a model folder holds: architecture, parameters, memory, tokenizer, and what of it is not supported.",
            "",
            "Looks at the values of up to 4 GiB of weights, smallest tensors first, for NaN and infinity. A tokenizer that was "
                    + "not seen before is tried in a process of its own."
        },
        exitCodeList = {"0:the folder can be used", "1:it cannot; the last lines say why", "2:wrong usage"})
public final class InspectCommand implements Callable<Integer> {
    /** Bytes of weights whose values are looked at. */
    private static final long SCANNED = 4L << 30;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "A model folder in Hugging Face's layout.")
    private Path folder;

    /** Made by picocli. */
    public InspectCommand() {}

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        List<String> problems = new ArrayList<>();
        ModelConfig config = null;
        try {
            config = ModelConfig.read(folder);
            architecture(config, out);
            config.generation().notes().forEach(note -> line(out, "generation", note));
        } catch (ConfigProblem e) {
            if (!FolderFile.exists(ModelPath.of(folder).resolve("config.json"))) {
                // Not a model folder at all: what else is missing would only hide the cure.
                throw e;
            }
            problems.add(e.getMessage());
        }
        weights(config, out, problems);
        tokenizer(config, out, problems);
        problems.forEach(problem -> line(out, "problem", problem));
        line(
                out,
                "verdict",
                problems.isEmpty()
                        ? "can be used"
                        : "cannot be used, because of the problem" + (problems.size() == 1 ? "" : "s") + " above");
        out.flush();
        if (out.checkError()) {
            throw new IOException("standard output: cannot be written");
        }
        return problems.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static void architecture(ModelConfig config, PrintWriter out) {
        Architecture shape = config.architecture();
        String head = shape.labels() > 0
                ? "classifier of " + shape.labels()
                : shape.head().tied() ? "language model, head tied to the embedding" : "language model";
        line(out, "architecture", config.family().modelType() + ", " + head);
        line(
                out,
                "shape",
                count(shape.layers(), "layer") + " of " + shape.width() + " channels, "
                        + count(shape.attention().heads(), "head") + " of "
                        + shape.attention().headWidth() + " over "
                        + count(shape.attention().keyHeads(), "key head") + ", feed-forward "
                        + shape.mlp().inner() + (shape.mlp().gated() ? " gated" : ""));
        line(out, "positions", positions(shape));
        if (!config.unread().isEmpty()) {
            line(out, "not understood", "settings of config.json: " + Shown.list(config.unread()));
        }
    }

    private static String positions(Architecture shape) {
        Positions positions = shape.attention().positions();
        String kind;
        if (positions instanceof Positions.Rotary rotary) {
            String scaling = rotary.scaling().getClass().getSimpleName().toLowerCase(Locale.ROOT);
            kind = "rotary" + (scaling.equals("none") ? "" : ", scaled (" + scaling + ")");
        } else {
            kind = positions instanceof Positions.Alibi ? "ALiBi" : "learned";
        }
        int windows =
                (int) shape.windows().stream().filter(window -> window > 0).count();
        String window = windows == 0
                ? ""
                : ", window of "
                        + shape.windows().stream()
                                .mapToInt(Integer::intValue)
                                .max()
                                .orElse(0) + " in " + windows + " of " + count(shape.layers(), "layer");
        return kind + ", made for " + String.format(Locale.ROOT, "%,d", shape.maxTokens()) + " tokens" + window;
    }

    private void weights(ModelConfig config, PrintWriter out, List<String> problems) {
        try (TensorStore store = TensorStore.open(folder)) {
            Map<String, Long> parameters = new TreeMap<>();
            Set<Path> files = new TreeSet<>();
            for (String name : store.names()) {
                parameters.merge(
                        store.entry(name).type().name(), store.entry(name).elements(), Long::sum);
                files.add(store.fileOf(name));
            }
            long total = parameters.values().stream().mapToLong(Long::longValue).sum();
            line(
                    out,
                    "weights",
                    count(store.names().size(), "tensor") + " in " + count(files.size(), "file") + ", "
                            + size(store.bytes()));
            line(
                    out,
                    "parameters",
                    String.format(Locale.ROOT, "%,d", total) + " ("
                            + parameters.entrySet().stream()
                                    .map(entry ->
                                            String.format(Locale.ROOT, "%,d %s", entry.getValue(), entry.getKey()))
                                    .collect(Collectors.joining(", "))
                            + ")");
            // Four bytes for a gradient and eight for AdamW's two moments, all in float32.
            line(
                    out,
                    "memory",
                    "f32 " + size(4 * total) + ", bf16 " + size(2 * total) + ", training in f32 " + size(16 * total)
                            + "; activations come on top");
            if (config != null) {
                CheckpointLoader.check(store, config).forEach(note -> line(out, "note", note));
            }
            values(store, out, problems);
        } catch (CheckpointException e) {
            problems.add(e.getMessage());
        }
    }

    private static void values(TensorStore store, PrintWriter out, List<String> problems) {
        WeightScan scan = WeightScan.of(store, SCANNED);
        if (scan.damaged().isEmpty()) {
            line(out, "values", "finite" + (scan.whole() ? "" : ", as far as looked at (" + size(scan.bytes()) + ")"));
        } else {
            problems.add(store.source() + ": tensors " + Shown.names(scan.damaged())
                    + " hold NaN or infinity: the weights are damaged");
        }
    }

    private void tokenizer(ModelConfig config, PrintWriter out, List<String> problems) throws IOException {
        Optional<String> problem = TokenizerProbe.problem(folder);
        if (problem.isPresent()) {
            problems.add(problem.get());
            return;
        }
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            line(
                    out,
                    "tokenizer",
                    tokenizer.className() + ", " + String.format(Locale.ROOT, "%,d", tokenizer.vocabSize())
                            + " tokens");
            line(
                    out,
                    "special",
                    tokenizer.specialTokens().isEmpty()
                            ? "none"
                            : tokenizer.specialTokens().entrySet().stream()
                                    .map(entry -> entry.getKey() + " " + entry.getValue())
                                    .collect(Collectors.joining(", ")));
            if (config != null && tokenizer.vocabSize() > config.architecture().vocabSize()) {
                problems.add("the tokenizer has ids up to " + (tokenizer.vocabSize() - 1)
                        + ", the model's vocabulary is " + config.architecture().vocabSize());
            }
            int[] around = tokenizer.encodeWithSpecials("");
            line(out, "around text", around.length == 0 ? "no token" : count(around.length, "token") + " added");
            line(out, "chat template", tokenizer.hasChatTemplate() ? "present, not applied" : "none");
        } catch (TokenizerException e) {
            problems.add(e.getMessage());
        }
    }

    private static void line(PrintWriter out, String name, String value) {
        out.println(String.format(Locale.ROOT, "%-14s %s", name, Visible.line(value)));
    }

    private static String count(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }

    private static String size(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    }
}
