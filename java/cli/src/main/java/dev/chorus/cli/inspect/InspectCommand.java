package dev.chorus.cli.inspect;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.model.CheckpointException;
import dev.chorus.model.DecoderConfig;
import dev.chorus.text.Tokenizer;
import dev.chorus.text.TokenizerException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
            "Reads no weights, only their headers."
        },
        exitCodeList = {"0:the folder can be used", "1:it cannot; the last lines say why", "2:wrong usage"})
public final class InspectCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "A model folder in Hugging Face's layout.")
    private Path folder;

    /** Made by picocli. */
    public InspectCommand() {}

    @Override
    public Integer call() throws IOException {
        Path file = folder.resolve("config.json");
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(file, "no such file; is this a model folder?");
        }
        PrintWriter out = spec.commandLine().getOut();
        List<String> problems = new ArrayList<>();
        architecture(file, out);
        weights(out, problems);
        tokenizer(out, problems);
        settings(file, problems);
        problems.forEach(problem -> line(out, "problem", problem));
        line(out, "verdict", problems.isEmpty() ? "can be used" : "cannot be used as it is");
        out.flush();
        return problems.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static void architecture(Path file, PrintWriter out) throws IOException {
        JsonNode config;
        try {
            config = JSON.readTree(file.toFile());
        } catch (JsonProcessingException e) {
            throw new CheckpointException(file, "not JSON: " + e.getOriginalMessage(), e);
        }
        List<String> architectures = new ArrayList<>();
        config.path("architectures").forEach(name -> architectures.add(name.asText()));
        line(
                out,
                "architecture",
                (architectures.isEmpty() ? "?" : String.join(", ", architectures)) + " (model_type "
                        + config.path("model_type").asText("?") + ")");
    }

    private void weights(PrintWriter out, List<String> problems) throws IOException {
        try {
            WeightHeaders weights = WeightHeaders.read(folder);
            if (weights.files() == 0) {
                problems.add(folder + ": no model.safetensors; other formats are not read");
                return;
            }
            line(
                    out,
                    "weights",
                    count(weights.tensors(), "tensor") + " in " + count(weights.files(), "file") + ", "
                            + size(weights.bytes()));
            line(
                    out,
                    "parameters",
                    String.format(Locale.ROOT, "%,d", weights.total()) + " ("
                            + weights.parameters().entrySet().stream()
                                    .map(entry ->
                                            String.format(Locale.ROOT, "%,d %s", entry.getValue(), entry.getKey()))
                                    .collect(Collectors.joining(", "))
                            + ")");
            // Four bytes for a gradient and eight for AdamW's two moments, all in float32.
            line(
                    out,
                    "memory",
                    "f32 " + size(4 * weights.total()) + ", bf16 " + size(2 * weights.total()) + ", training in f32 "
                            + size(16 * weights.total()) + "; activations come on top");
        } catch (CheckpointException e) {
            problems.add(e.getMessage());
        } catch (java.nio.file.NoSuchFileException e) {
            problems.add(e.getMessage() + ": no such file, but model.safetensors.index.json names it");
        }
    }

    private void tokenizer(PrintWriter out, List<String> problems) throws IOException {
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
            int[] around = tokenizer.encodeWithSpecials("");
            line(out, "around text", around.length == 0 ? "no token" : count(around.length, "token") + " added");
            line(out, "chat template", tokenizer.hasChatTemplate() ? "present, not applied" : "none");
        } catch (TokenizerException e) {
            problems.add(e.getMessage());
        }
    }

    /** engine: the settings that are not understood, one by one; so far the first that stops the reader. */
    private static void settings(Path file, List<String> problems) {
        try {
            DecoderConfig.read(file);
        } catch (CheckpointException e) {
            problems.add(e.getMessage());
        }
    }

    private static void line(PrintWriter out, String name, String value) {
        out.println(String.format(Locale.ROOT, "%-14s %s", name, value));
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
