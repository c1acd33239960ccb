package dev.chorus.cli.aggregate;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Aggregators;
import dev.chorus.aggregate.GoldCheck;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.labelers.Clones;
import dev.chorus.aggregate.labelers.ErrorCorrelation;
import dev.chorus.aggregate.labelers.Krippendorff;
import dev.chorus.aggregate.labelers.LabelerTable;
import dev.chorus.aggregate.votes.ReadSettings;
import dev.chorus.aggregate.votes.ReadSettings.Duplicates;
import dev.chorus.aggregate.votes.VoteFileException;
import dev.chorus.aggregate.votes.VoteFiles;
import dev.chorus.aggregate.votes.VoteFiles.ReadGold;
import dev.chorus.aggregate.votes.VoteFiles.ReadVotes;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.cli.report.AggregationReport;
import dev.chorus.data.DataException;
import dev.chorus.files.FileFault;
import dev.chorus.files.UnusableTargetException;
import dev.chorus.files.WholeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code chorus aggregate}: one label a task from the votes of many labelers. */
@Command(
        name = "aggregate",
        description = {
            "Makes one label, its probability and its uncertainty out of several labelers' votes on the same tasks.",
            "",
            "Votes: CSV (task,worker,label and, if there is one, probability), JSON Lines, Parquet, or an export of Label "
                    + "Studio, Argilla, Prodigy or cleanlab, plain or gzip; the content says which. Labelers that copy each "
                    + "other are found and share one vote."
        })
public final class AggregateCommand implements Callable<Integer> {

    private static final String COMPARE = "compare";

    /** Above so many votes gold is held out in two folds, not in five. */
    private static final int MANY_VOTES = 2_000_000;

    /** Tables of pairs of labelers end here. */
    private static final int MANY_WORKERS = 4_096;

    private final Aggregators aggregators;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--method",
            defaultValue = "ibcc",
            paramLabel = "NAME",
            description =
                    "majority, weighted-majority, wawa, zero-based-skill, dirichlet-evidence, one-coin, dawid-skene, ibcc, "
                            + "gold-confusions, glad, mace, kos, m-msr, or compare: all that can, and where they disagree. "
                            + "Default: ${DEFAULT-VALUE}.")
    private String method;

    @Option(names = "--votes", required = true, paramLabel = "FILE", description = "Who said what of which task.")
    private Path file;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            description =
                    "Where the labels go: task,label,confidence,entropy,votes and p_<label> for each class, as CSV, packed "
                            + "if the name ends in .gz. It appears when all is done.")
    private Path out;

    @Option(
            names = "--gold",
            paramLabel = "FILE",
            description = "Known labels of some tasks: task,label. They anchor the method, and say how good it is.")
    private Path gold;

    @Option(names = "--workers-out", paramLabel = "FILE", description = "Where a line for each labeler goes, as CSV.")
    private Path workersOut;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Where a report goes: one HTML file, readable offline.")
    private Path report;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A setting of the method, such as iterations=200. May be repeated.")
    private Map<String, String> settings = new LinkedHashMap<>();

    @Option(
            names = "--column",
            paramLabel = "ROLE=NAME",
            description =
                    "Which column is task, worker, label, probability or timestamp, where it has a name of its own.")
    private Map<String, String> columns = new LinkedHashMap<>();

    @Option(
            names = "--clones",
            paramLabel = "RULE",
            defaultValue = "share",
            description = "share (default): labelers that repeat each other share one vote; keep: each keeps its own.")
    private String clones;

    @Option(
            names = "--abstain",
            paramLabel = "LABEL",
            description = "A label that means no vote, such as -1. May be repeated.")
    private Set<String> abstentions = new LinkedHashSet<>();

    @Option(
            names = "--duplicates",
            paramLabel = "RULE",
            defaultValue = "error",
            description =
                    "A second vote of a labeler on a task: error (default), first or last (by timestamp if there is one).")
    private String duplicates;

    @Option(
            names = "--question",
            paramLabel = "NAME",
            defaultValue = "",
            description = "Which question of an export that has several.")
    private String question;

    @Option(
            names = "--skip-bad",
            description =
                    "Leaves out rows that cannot be used and says how many. Without it the first stops the command.")
    private boolean skipBad;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads; the result does not depend on it. Default: all.")
    private Integer threads;

    @Option(names = "--force", description = "Replaces files that exist.")
    private boolean force;

    /** Made by picocli. */
    public AggregateCommand() {
        this(Aggregators.standard());
    }

    /** With other methods, for tests. */
    public AggregateCommand(Aggregators aggregators) {
        this.aggregators = aggregators;
    }

    @Override
    public Integer call() throws IOException {
        for (Path target : new Path[] {out, workersOut, report}) {
            check(target);
        }
        ReadSettings reading = reading();
        LabelAggregator aggregator = method.equals(COMPARE) ? null : aggregator();
        if (aggregator == null && workersOut != null) {
            throw usage("--workers-out: compare has no one method whose labelers to list; name a method");
        }
        long start = System.nanoTime();
        ReadVotes read;
        Votes votes;
        try {
            read = VoteFiles.read(file, reading);
            votes = read.votes();
            say(sizes(read, seconds(start)));
            notes(read.skipped(), read.problems());
            if (gold != null) {
                votes = withGold(votes, reading);
            }
        } catch (VoteFileException e) {
            throw new DataException(e.file(), e.line(), e.problem(), e);
        }
        long fitting = System.nanoTime();
        Clones found = clones(votes);
        Votes shared = found.share(votes);
        if (aggregator == null) {
            compare(shared, found);
        } else {
            aggregate(aggregator, shared, found, fitting);
        }
        spec.commandLine().getOut().flush();
        return 0;
    }

    private void aggregate(LabelAggregator aggregator, Votes votes, Clones found, long fitting) throws IOException {
        Aggregation result = fit(aggregator, votes);
        say(method + ": " + result.trace() + String.format(java.util.Locale.ROOT, ", %.1f s", seconds(fitting)));
        ErrorCorrelation errors = errors(votes);
        GoldCheck check =
                votes.goldCount() < 2 ? null : GoldCheck.of(aggregator, votes, votes.size() > MANY_VOTES ? 2 : 5);
        Sentences.labelers(votes, found, errors).forEach(this::say);
        if (check != null) {
            Sentences.gold(votes, check).forEach(this::say);
        }
        LabelerTable table = workersOut == null && report == null ? null : LabelerTable.of(votes, result.posteriors());
        if (LabelFile.write(result, out)) {
            say("more than " + dev.chorus.aggregate.Support.DENSE_CLASSES
                    + " classes: the probability of the label alone is written, no column a class");
        }
        if (workersOut != null) {
            WorkerFile.write(result, table, found, workersOut);
        }
        if (report != null) {
            AggregationReport.write(
                    new AggregationReport.Facts(
                            name(file),
                            result,
                            table,
                            found,
                            errors,
                            Krippendorff.alpha(votes),
                            check,
                            Sentences.labelers(votes, found, errors),
                            List.of()),
                    report);
        }
        say(votes.tasks() + (votes.tasks() == 1 ? " label -> " : " labels -> ") + out);
    }

    private void compare(Votes votes, Clones found) throws IOException {
        Map<String, String> common = threads == null ? Map.of() : Map.of("threads", threads.toString());
        if (!settings.isEmpty()) {
            throw usage(
                    "--set: compare runs all methods with their defaults; name a method to set " + settings.keySet());
        }
        Comparison comparison = Comparison.run(aggregators, votes, common);
        ErrorCorrelation errors = errors(votes);
        Sentences.labelers(votes, found, errors).forEach(this::say);
        Sentences.comparison(comparison).forEach(this::say);
        LabelFile.write(comparison, out);
        if (report != null) {
            Aggregation first = comparison.results().get(0);
            AggregationReport.write(
                    new AggregationReport.Facts(
                            name(file),
                            first,
                            LabelerTable.of(votes, first.posteriors()),
                            found,
                            errors,
                            Krippendorff.alpha(votes),
                            null,
                            Sentences.labelers(votes, found, errors),
                            comparison.results()),
                    report);
        }
        say(votes.tasks() + (votes.tasks() == 1 ? " label -> " : " labels -> ") + out);
    }

    private Aggregation fit(LabelAggregator aggregator, Votes votes) {
        try {
            return aggregator.fit(votes);
        } catch (IllegalArgumentException e) {
            throw new DataException(file, 0, e.getMessage(), e);
        }
    }

    private LabelAggregator aggregator() {
        Map<String, String> all = new LinkedHashMap<>(settings);
        try {
            LabelAggregator plain = aggregators.make(method, settings);
            if (threads == null) {
                return plain;
            }
            all.putIfAbsent("threads", threads.toString());
            try {
                return aggregators.make(method, all);
            } catch (IllegalArgumentException e) {
                if (threads < 1) {
                    throw usage("--threads: expected 1 or more, got " + threads);
                }
                // A method of one pass has no threads.
                return plain;
            }
        } catch (IllegalArgumentException e) {
            throw usage("--method: " + e.getMessage());
        }
    }

    private ReadSettings reading() {
        Duplicates rule;
        switch (duplicates) {
            case "error" -> rule = Duplicates.ERROR;
            case "first" -> rule = Duplicates.FIRST;
            case "last" -> rule = Duplicates.LAST;
            default -> throw usage("--duplicates: expected error, first or last, got " + duplicates);
        }
        if (!clones.equals("share") && !clones.equals("keep")) {
            throw usage("--clones: expected share or keep, got " + clones);
        }
        try {
            return new ReadSettings(columns, skipBad, rule, abstentions, question);
        } catch (IllegalArgumentException e) {
            throw usage("--column: " + e.getMessage());
        }
    }

    private Votes withGold(Votes votes, ReadSettings reading) throws IOException {
        Map<String, String> own = new LinkedHashMap<>();
        ReadGold read = VoteFiles.readGold(gold, votes, reading.withColumns(own));
        if (read.unknown() > 0) {
            note(read.unknown() + " gold labels of tasks that nobody voted on are left out");
        }
        notes(read.skipped(), read.problems());
        return read.votes();
    }

    private Clones clones(Votes votes) {
        if (clones.equals("keep")) {
            return Clones.none(votes);
        }
        if (votes.workers() > MANY_WORKERS) {
            note("more than " + MANY_WORKERS + " labelers: no search for clones");
            return Clones.none(votes);
        }
        return Clones.find(votes);
    }

    /** By gold if some pair can be told there; null where there are too many labelers, or one. */
    private static ErrorCorrelation errors(Votes votes) {
        if (votes.workers() > MANY_WORKERS || votes.workers() < 2) {
            return null;
        }
        ErrorCorrelation byGold = votes.goldCount() >= 30 ? ErrorCorrelation.onGold(votes) : null;
        return byGold != null && !Double.isNaN(byGold.mean()) ? byGold : ErrorCorrelation.withoutGold(votes);
    }

    private void check(Path target) throws IOException {
        if (target == null) {
            return;
        }
        String option = target == out ? "--out" : target == report ? "--report" : "--workers-out";
        try {
            WholeFile.check(target, force);
        } catch (FileAlreadyExistsException e) {
            throw usage(option + ": " + FileFault.sentence(e) + "; --force replaces it");
        } catch (UnusableTargetException | NoSuchFileException e) {
            throw usage(option + ": " + FileFault.sentence(e));
        }
    }

    private static String sizes(ReadVotes read, double seconds) {
        Votes votes = read.votes();
        return String.format(
                java.util.Locale.ROOT,
                "%s: %,d votes of %,d labelers on %,d tasks, %,d classes%s, read in %.1f s",
                read.format(),
                votes.size(),
                votes.workers(),
                votes.tasks(),
                votes.classes(),
                read.abstained() == 0
                        ? ""
                        : String.format(java.util.Locale.ROOT, ", %,d abstentions", read.abstained()),
                seconds);
    }

    private void notes(long skipped, List<String> problems) {
        if (skipped > 0) {
            note(skipped + (skipped == 1 ? " bad row" : " bad rows") + " left out");
            problems.forEach(this::note);
        }
    }

    private void note(String text) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("chorus: " + text);
        err.flush();
    }

    private void say(String text) {
        spec.commandLine().getOut().println(text);
    }

    private ParameterException usage(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }

    private static String name(Path path) {
        Path name = path.getFileName();
        return name == null ? path.toString() : name.toString();
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
