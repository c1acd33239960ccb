package dev.chorus.cli.aggregate;

import dev.chorus.aggregate.GoldCheck;
import dev.chorus.aggregate.Interval;
import dev.chorus.aggregate.labelers.Clones;
import dev.chorus.aggregate.labelers.ErrorCorrelation;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.eval.Calibration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What was found, in words: the same on the terminal and in the report. */
final class Sentences {

    private static final int NAMED = 8;

    private Sentences() {}

    /** How many independent labelers there are, and who copies whom. */
    static List<String> labelers(Votes votes, Clones clones, ErrorCorrelation errors) {
        List<String> sentences = new ArrayList<>();
        if (errors != null && !Double.isNaN(errors.mean())) {
            String worth = Double.isInfinite(errors.effectiveLabelers()) || errors.mean() < 0
                    ? "errors are no more alike than by chance"
                    : String.format(Locale.ROOT, "worth %.1f independent ones", errors.effectiveLabelers());
            sentences.add(String.format(
                    Locale.ROOT,
                    "%,d labelers, %s (mean error correlation %.2f, %s)",
                    votes.workers(),
                    worth,
                    errors.mean(),
                    errors.isOnGold() ? "on gold" : "against the other labelers, so rather too low"));
        }
        for (Clones.Group group : clones.groups()) {
            sentences.add(String.format(
                    Locale.ROOT,
                    "%s repeat each other (agreement %.2f where %.2f is expected of independent labelers) and share %.1f votes",
                    names(votes, group.members()),
                    group.agreement(),
                    group.expected(),
                    group.members().size() / (1 + (group.members().size() - 1) * group.dependence())));
        }
        return sentences;
    }

    private static String names(Votes votes, List<Integer> members) {
        String named = members.stream()
                .limit(NAMED)
                .map(w -> votes.workerNames().get(w))
                .collect(Collectors.joining(", "));
        return members.size() > NAMED ? named + " and " + (members.size() - NAMED) + " more" : named;
    }

    /** How good the labels are, and the classes' shares. */
    static List<String> gold(Votes votes, GoldCheck check) {
        List<String> sentences = new ArrayList<>();
        Interval accuracy = check.accuracyInterval();
        sentences.add(String.format(
                Locale.ROOT,
                "accuracy on gold that the fit did not see: %.3f [%.3f, %.3f], %,d tasks, calibration error %.3f",
                check.accuracy(),
                accuracy.low(),
                accuracy.high(),
                check.size(),
                Calibration.expectedError(Calibration.reliability(check.confidence(), check.right(), 10))));
        List<String> shares = new ArrayList<>();
        for (int k = 0; k < Math.min(NAMED, votes.classes()); k++) {
            Interval share = check.prevalenceInterval(k);
            shares.add(String.format(
                    Locale.ROOT,
                    "%s %.3f [%.3f, %.3f]",
                    votes.classNames().get(k),
                    check.prevalence(k),
                    share.low(),
                    share.high()));
        }
        sentences.add("shares of the classes, corrected by gold: " + String.join(", ", shares)
                + (votes.classes() > NAMED ? " and " + (votes.classes() - NAMED) + " more" : ""));
        return sentences;
    }

    /** Where methods disagree. */
    static List<String> comparison(Comparison comparison) {
        List<String> sentences = new ArrayList<>();
        comparison.refused().forEach(reason -> sentences.add("left out: " + reason));
        List<Integer> disputed = comparison.disputed();
        sentences.add(String.format(
                Locale.ROOT,
                "%d methods agree on %,d of %,d tasks",
                comparison.results().size(),
                comparison.votes().tasks() - disputed.size(),
                comparison.votes().tasks()));
        for (int m = 1; m < comparison.results().size(); m++) {
            sentences.add(String.format(
                    Locale.ROOT,
                    "  %-20s says what majority says of %.1f%%",
                    comparison.results().get(m).method(),
                    100 * comparison.agreement(0, m)));
        }
        if (!disputed.isEmpty()) {
            sentences.add("most disputed: "
                    + disputed.stream()
                            .limit(NAMED)
                            .map(t -> comparison.votes().taskNames().get(t))
                            .collect(Collectors.joining(", ")));
        }
        return sentences;
    }
}
