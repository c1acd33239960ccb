package dev.chorus.cli.lines;

import dev.chorus.files.FileFault;
import dev.chorus.files.UnusableTargetException;
import dev.chorus.files.WholeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
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
            description =
                    "Where the lines go with the results added, in the same order; - is the standard output. It appears when "
                            + "all is done.")
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

    /** The file of the results, as messages call it. */
    public Path out() {
        return OutputLines.name(out);
    }

    /** Begins the results; they are there when they are committed. */
    public OutputLines results() throws IOException {
        return new OutputLines(out, force);
    }

    /** Prints the command's last word: on the error stream if the lines are on the standard output. */
    public void say(String summary) {
        PrintWriter stream = OutputLines.isStandardOutput(out)
                ? spec.commandLine().getErr()
                : spec.commandLine().getOut();
        stream.println(summary);
        stream.flush();
    }

    /** An empty list of bad lines with the chosen rule. */
    public BadLines badLines() {
        return new BadLines(InputLines.name(data), skipBad);
    }

    /**
     * Reads the data, after a look whether the results may be written: nobody should wait for an hour to learn that.
     *
     * @throws ParameterException if the results exist and are not to be replaced, or another path has to be chosen
     * @throws IOException        if they may not or cannot be written
     */
    public List<JsonLine> read(List<String> required, BadLines bad) throws IOException {
        if (!OutputLines.isStandardOutput(out)) {
            try {
                WholeFile.check(out, force);
            } catch (FileAlreadyExistsException e) {
                throw usage("--out: " + FileFault.sentence(e) + "; --force replaces it");
            } catch (UnusableTargetException | NoSuchFileException e) {
                throw usage("--out: " + FileFault.sentence(e));
            }
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
