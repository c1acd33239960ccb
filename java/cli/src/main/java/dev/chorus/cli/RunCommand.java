package dev.chorus.cli;

import dev.chorus.cli.progress.ConsoleProgress;
import dev.chorus.cli.progress.Interruption;
import dev.chorus.cli.report.HtmlReport;
import dev.chorus.cli.report.ResultTable;
import dev.chorus.experiment.Experiment;
import dev.chorus.files.FileFault;
import dev.chorus.files.WholeFile;
import dev.chorus.results.Results;
import dev.chorus.stage.ProgressListener.StageView;
import dev.chorus.stage.StageException;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code chorus run}: one experiment from its configuration to the report. */
@Command(
        name = "run",
        description = {
            "Runs an experiment: trains the weak models, collects and aggregates their labels, trains and measures the "
                    + "students, prints the table, and writes the figures (JSON) and the report (HTML).",
            "",
            "Finished stages are reused, also after an interruption: the same command goes on where it stopped."
        })
final class RunCommand implements Callable<Integer> {
    private static final String REPORT = "report.html";
    private static final String INTERRUPTED =
            "chorus: interrupted; finished stages are kept, the same command goes on from here";

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "CONFIG", description = "The experiment, a YAML file such as examples/slurp-quick.yaml.")
    private Path config;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            description = "Where results.json and report.html go. Default: runs/NAME, with the configuration's name.")
    private Path out;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Overrides one value of the configuration, with dots between levels, such as "
                    + "--set scenario.train.epochs=4. May be repeated.")
    private List<String> overrides = new ArrayList<>();

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "How many seeds to run, in place of the configuration's.")
    private Integer seeds;

    @Option(
            names = {"-n", "--dry-run"},
            description = "Checks configuration and data, prints the stages that would run, and stops.")
    private boolean dryRun;

    @Option(
            names = "--force",
            description =
                    "Replaces the results of another configuration or build in DIR. Finished stages that still fit "
                            + "are reused all the same.")
    private boolean force;

    @Override
    public Integer call() throws IOException {
        try (ConsoleProgress progress = ConsoleProgress.onStandardError()) {
            Interruption interruption = Interruption.say(progress, INTERRUPTED);
            try {
                return run(progress);
            } finally {
                interruption.close();
            }
        }
    }

    private int run(ConsoleProgress progress) throws IOException {
        // A second or so of work, while the data are read.
        LibTorch.loadInBackground();
        Experiment experiment =
                Experiment.load(config, overrides, seeds == null ? OptionalInt.empty() : OptionalInt.of(seeds));
        Path folder = out == null ? Path.of("runs", experiment.name()) : out;
        PrintWriter stdout = spec.commandLine().getOut();
        if (dryRun) {
            printPlan(stdout, experiment.plan(folder, force));
            return 0;
        }
        Path report = folder.resolve(REPORT);
        if (Files.isDirectory(folder)) {
            // Nobody should wait for an hour to learn that.
            WholeFile.check(folder.resolve(Experiment.RESULTS), true);
            WholeFile.check(report, true);
        }
        Results results = experiment.run(folder, force, progress);
        progress.close();
        try {
            HtmlReport.write(results, report);
        } catch (IOException e) {
            throw new StageException(FileFault.sentence(e) + "; the same command writes it again", e);
        }
        stdout.println(ResultTable.render(results, StandardCharsets.UTF_8));
        stdout.println("Figures  " + folder.resolve(Experiment.RESULTS));
        stdout.println("Report   " + report);
        stdout.flush();
        return 0;
    }

    private static void printPlan(PrintWriter stdout, List<StageView> stages) {
        stages.forEach(stage -> stdout.println((stage.reused() ? "finished  " : "to run    ") + stage.id()));
        long finished = stages.stream().filter(StageView::reused).count();
        stdout.println(stages.size() + " stages, " + finished + " finished, " + (stages.size() - finished) + " to run");
        stdout.flush();
    }
}
