package dev.chorus.cli;

import dev.chorus.cli.aggregate.AggregateCommand;
import dev.chorus.cli.doctor.DoctorCommand;
import dev.chorus.cli.generate.GenerateCommand;
import dev.chorus.cli.inspect.InspectCommand;
import dev.chorus.cli.score.ScoreCommand;
import dev.chorus.cli.terminal.StandardOutput;
import dev.chorus.cli.terminal.VisibleWriter;
import dev.chorus.files.FileFault;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

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
        StandardOutput output = StandardOutput.install();
        PrintWriter errors = StandardOutput.errors();
        int status;
        try {
            CommandLine line = commandLine();
            PrintWriter writer = output.writer();
            line.setOut(writer);
            line.setErr(errors);
            status = line.execute(args);
            writer.flush();
        } catch (LinkageError | OutOfMemoryError e) {
            status = Errors.report(e, errors);
        }
        System.exit(finished(status, output, errors));
    }

    /** The exit status: a result that could not be printed is none. */
    static int finished(int status, StandardOutput output, PrintWriter errors) {
        IOException failure = output.finish();
        if (failure == null) {
            return status;
        }
        errors.println("chorus: standard output: " + FileFault.words(failure));
        errors.flush();
        return status == 0 ? CommandLine.ExitCode.SOFTWARE : status;
    }

    /** The command line with its error handling, for main and for tests. */
    static CommandLine commandLine() {
        return commandLine(CommandLine.defaultFactory());
    }

    /** With commands made by another factory. */
    static CommandLine commandLine(CommandLine.IFactory commands) {
        Main main = new Main();
        CommandLine line = new CommandLine(main, commands);
        line.setExecutionStrategy(Main::execute);
        line.setExecutionExceptionHandler((e, command, parsed) -> Errors.report(e, main.verbose, command.getErr()));
        line.setParameterExceptionHandler(Usage::report);
        return line;
    }

    /** Commands print through a filter, since what they print can come from files; help is our own, and may be in colour. */
    private static int execute(CommandLine.ParseResult parsed) {
        Integer help = CommandLine.executeHelpRequest(parsed);
        if (help != null) {
            return help;
        }
        CommandLine line = parsed.commandSpec().root().commandLine();
        line.setOut(new PrintWriter(new VisibleWriter(line.getOut())));
        line.setErr(new PrintWriter(new VisibleWriter(line.getErr()), true));
        int status = new CommandLine.RunLast().execute(parsed);
        line.getOut().flush();
        return status;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
