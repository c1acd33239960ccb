package dev.chorus.cli.lines;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The options of a command that reads a file of JSON objects and writes another, and what such commands have in common. */
public final class LineFiles {
    @Spec(Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "FILE",
            description =
                    "What to work on: JSON Lines in UTF-8, one object a line; - is the standard input. Fields that are not named "
                            + "here are kept.")
    private Path data;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            description = "Where the lines go with the results added, in the same order. It appears when all is done.")
    private Path out;

    @Option(
            names = "--skip-bad",
            description =
                    "Leaves out lines that cannot be used and says how many. Without it the first stops the command "
                            + "before any work.")
    private boolean skipBad;

    @Option(names = "--force", description = "Replaces FILE if it exists.")
    private boolean force;

    /** Made by picocli. */
    public LineFiles() {}

    /** The file of the data, as messages call it. */
    public Path data() {
        return InputLines.name(data);
    }

    /** The file of the results. */
    public Path out() {
        return out;
    }

    /** An empty list of bad lines with the chosen rule. */
    public BadLines badLines() {
        return new BadLines(InputLines.name(data), skipBad);
    }

    /**
     * Reads the data, after a look whether the results may be written: nobody should wait for an hour to learn that.
     *
     * @throws ParameterException if the results exist and are not to be replaced, or their folder does not exist
     */
    public List<JsonLine> read(List<String> required, BadLines bad) throws IOException {
        Path folder = out.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw usage("--out: " + out + ": its folder does not exist");
        }
        if (Files.isDirectory(out)) {
            throw usage("--out: " + out + ": is a directory");
        }
        if (Files.exists(out) && !force) {
            throw usage("--out: " + out + ": already exists; --force replaces it");
        }
        return InputLines.read(data, required, bad);
    }

    /** A wrong use of the command. */
    public ParameterException usage(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }

    /** The last thing a command says: what it did, and how fast. */
    public static String summary(int lines, long tokens, double seconds, List<String> models, Path out) {
        return String.format(
                Locale.ROOT,
                "%d line%s, %d token%s, %.1f s, %.0f tokens/s, %s %s -> %s",
                lines,
                lines == 1 ? "" : "s",
                tokens,
                tokens == 1 ? "" : "s",
                seconds,
                tokens / Math.max(seconds, 1e-9),
                models.size() == 1 ? "model" : models.size() + " models",
                String.join(", ", models),
                out);
    }
}
