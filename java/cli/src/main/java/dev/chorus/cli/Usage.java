package dev.chorus.cli;

import dev.chorus.math.NearestName;
import dev.chorus.text.Visible;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what is wrong with a command line, in one sentence, with the word that was probably meant. */
final class Usage {
    private Usage() {}

    /** Prints the sentence and where to read on; returns the exit status. */
    static int report(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("chorus: " + Visible.line(problem(e, args)));
        err.println("See: " + command.getCommandSpec().qualifiedName() + " --help");
        err.flush();
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    private static String problem(ParameterException e, String[] args) {
        CommandSpec spec = e.getCommandLine().getCommandSpec();
        // A misspelt option leaves a required one missing, and the spelling is what helps.
        for (String arg : args) {
            String name = arg.startsWith("--") ? arg.substring(0, (arg + "=").indexOf('=')) : "";
            if (name.length() > 2 && !spec.optionsMap().containsKey(name)) {
                // Without the dashes, which everybody gets right and which would forgive more slips.
                Optional<String> meant = NearestName.of(name.substring(2), longNames(spec));
                if (meant.isPresent()) {
                    return "Unknown option: '" + name + "'; did you mean '--" + meant.get() + "'?";
                }
            }
        }
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            String first = unmatched.getUnmatched().get(0);
            if (unmatched.isUnknownOption()) {
                return "Unknown option: '" + first + "'";
            }
            if (!spec.subcommands().isEmpty()) {
                Set<String> commands = spec.subcommands().keySet();
                String hint = NearestName.hint(first, commands);
                return "Unknown command: '" + first + "'"
                        + (hint.isEmpty() ? "; there are " + String.join(", ", commands) : hint);
            }
        }
        return e.getMessage();
    }

    private static Collection<String> longNames(CommandSpec spec) {
        return spec.optionsMap().keySet().stream()
                .filter(name -> name.startsWith("--"))
                .map(name -> name.substring(2))
                .toList();
    }
}
