package dev.chorus.cli;

import dev.chorus.cli.aggregate.AggregateCommand;
import dev.chorus.cli.doctor.DoctorCommand;
import dev.chorus.cli.generate.GenerateCommand;
import dev.chorus.cli.inspect.InspectCommand;
import dev.chorus.cli.score.ScoreCommand;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine;

/** The {@code chorus} command. */
@Command(
        name = "chorus",
        description = {
            "Trains a strong language model from the labels of several weak ones.",
            "",
            "Start with: chorus run examples/slurp-quick.yaml"
        },
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            RunCommand.class,
            ScoreCommand.class,
            GenerateCommand.class,
            AggregateCommand.class,
            InspectCommand.class,
            DoctorCommand.class
        },
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        descriptionHeading = "%n",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions%n",
        commandListHeading = "%nCommands%n",
        exitCodeListHeading = "%nExit status%n",
        exitCodeList = {
            "0:done",
            "1:the work failed: bad data, no room on the disk, a missing library",
            "2:wrong usage: an unknown option, or a configuration that cannot be run as it is written"
        })
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show where an error comes from (stack trace).")
    private boolean verbose;

    private Main() {}

    /** Runs the command line and ends the process with its exit status. */
    public static void main(String[] args) {
        int status;
        try {
            status = commandLine().execute(args);
        } catch (LinkageError | OutOfMemoryError e) {
            status = Errors.report(e, new PrintWriter(System.err, true, Charset.defaultCharset()));
        }
        System.exit(status);
    }

    /** The command line with its error handling, for main and for tests. */
    static CommandLine commandLine() {
        return commandLine(CommandLine.defaultFactory());
    }

    /** With commands made by another factory. */
    static CommandLine commandLine(CommandLine.IFactory commands) {
        Main main = new Main();
        CommandLine line = new CommandLine(main, commands);
        line.setExecutionExceptionHandler((e, command, parsed) -> Errors.report(e, main.verbose, command.getErr()));
        line.setParameterExceptionHandler((e, args) -> usage(e));
        return line;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private static int usage(ParameterException e) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("chorus: " + e.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
        err.println("See: " + command.getCommandSpec().qualifiedName() + " --help");
        err.flush();
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }
}
