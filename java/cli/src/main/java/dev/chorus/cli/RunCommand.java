package dev.chorus.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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
                    + "--set student.epochs=4. May be repeated.")
    private Map<String, String> overrides = new LinkedHashMap<>();

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "How many seeds to run, in place of the configuration's.")
    private Integer seeds;

    @Option(
            names = {"-n", "--dry-run"},
            description = "Checks configuration and data, prints the stages that would run, and stops.")
    private boolean dryRun;

    @Option(names = "--force", description = "Overwrites an earlier result in DIR.")
    private boolean force;

    @Override
    public Integer call() throws Exception {
        // The one place where the command line meets the experiment.
        throw new IllegalStateException("run is wired in experiment: " + config + ", " + out + ", " + overrides + ", "
                + seeds + ", " + dryRun + ", " + force);
    }
}
