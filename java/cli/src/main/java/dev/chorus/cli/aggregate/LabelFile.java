package dev.chorus.cli.aggregate;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The results: one line a task, in the order in which tasks first appear in the votes. */
final class LabelFile {

    private static final int DIGITS = 6;

    private LabelFile() {}

    /**
     * Writes {@code task,label,confidence,entropy,votes} and {@code p_<label>} for each class.
     *
     * @return whether the probabilities of classes were left out, because there are more than {@link Support#DENSE_CLASSES}
     */
    static boolean write(Aggregation result, Path file) throws IOException {
        Votes votes = result.votes();
        Posteriors posteriors = result.posteriors();
        boolean brief = votes.classes() > Support.DENSE_CLASSES;
        try (PackedText out = new PackedText(file)) {
            StringBuilder line = new StringBuilder("task,label,confidence,entropy,votes");
            for (int k = 0; !brief && k < votes.classes(); k++) {
                CsvText.text(line.append(','), "p_" + votes.classNames().get(k));
            }
            List<String> classes = List.copyOf(votes.classNames());
            out.write(line.append('\n'));
            for (int t = 0; t < votes.tasks(); t++) {
                line.setLength(0);
                int label = posteriors.label(t);
                CsvText.text(line, votes.taskNames().get(t)).append(',');
                if (label >= 0) {
                    CsvText.text(line, classes.get(label));
                }
                CsvText.number(line.append(','), posteriors.confidence(t), DIGITS);
                CsvText.number(line.append(','), posteriors.entropy(t), DIGITS);
                line.append(',').append(votes.start(t + 1) - votes.start(t));
                for (int k = 0; !brief && k < classes.size(); k++) {
                    CsvText.number(line.append(','), posteriors.probability(t, k), DIGITS);
                }
                out.write(line.append('\n'));
            }
            out.commit();
        }
        return brief;
    }

    /** Writes what several methods say: {@code task,label,agreement,votes} and one column a method. */
    static void write(Comparison comparison, Path file) throws IOException {
        Votes votes = comparison.votes();
        try (PackedText out = new PackedText(file)) {
            StringBuilder line = new StringBuilder("task,label,agreement,votes");
            comparison.results().forEach(result -> CsvText.text(line.append(','), result.method()));
            out.write(line.append('\n'));
            for (int t = 0; t < votes.tasks(); t++) {
                line.setLength(0);
                CsvText.text(line, votes.taskNames().get(t)).append(',');
                name(line, votes, comparison.plurality(t));
                CsvText.number(line.append(','), comparison.agreement(t), DIGITS);
                line.append(',').append(votes.start(t + 1) - votes.start(t));
                for (int m = 0; m < comparison.results().size(); m++) {
                    name(line.append(','), votes, comparison.label(m, t));
                }
                out.write(line.append('\n'));
            }
            out.commit();
        }
    }

    private static void name(StringBuilder line, Votes votes, int label) {
        if (label >= 0) {
            CsvText.text(line, votes.classNames().get(label));
        }
    }
}
