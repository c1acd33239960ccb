package dev.chorus.cli.aggregate;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.Interval;
import dev.chorus.aggregate.labelers.Clones;
import dev.chorus.aggregate.labelers.GoldWeights;
import dev.chorus.aggregate.labelers.LabelerTable;
import dev.chorus.aggregate.votes.Votes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** What is known of the labelers: one line each, in the order in which they first appear in the votes. */
final class WorkerFile {

    private static final int DIGITS = 6;

    private WorkerFile() {}

    static void write(Aggregation result, LabelerTable table, Clones clones, Path file) throws IOException {
        Votes votes = result.votes();
        boolean intervals = result.confusions().map(Confusions::hasIntervals).orElse(false);
        boolean gold = votes.goldCount() > 0;
        GoldWeights.Counts counts = GoldWeights.counts(votes);
        double[] balance = result.classBalance().orElse(new double[0]);
        try (PackedText out = new PackedText(file)) {
            StringBuilder line = new StringBuilder("worker,votes,coverage,overlap,conflict,agreement,kappa");
            for (String name : result.skills().keySet()) {
                CsvText.text(line.append(','), name.equals("agreement") ? "agreement_with_majority" : name);
            }
            line.append(intervals ? ",accuracy_low,accuracy_high" : "");
            line.append(gold ? ",gold_seen,gold_right" : "").append(",weight_of_vote,clone_group\n");
            out.write(line);
            Map<String, double[]> skills = result.skills();
            for (int w = 0; w < votes.workers(); w++) {
                line.setLength(0);
                CsvText.text(line, votes.workerNames().get(w)).append(',').append(table.votes()[w]);
                for (double[] column : new double[][] {
                    table.coverage(), table.overlap(), table.conflict(), table.agreement(), table.kappa()
                }) {
                    CsvText.number(line.append(','), column[w], DIGITS);
                }
                for (double[] skill : skills.values()) {
                    CsvText.number(line.append(','), skill[w], DIGITS);
                }
                if (intervals) {
                    Interval interval = result.confusions().orElseThrow().accuracyInterval(w, balance, .95);
                    CsvText.number(line.append(','), interval.low(), DIGITS);
                    CsvText.number(line.append(','), interval.high(), DIGITS);
                }
                if (gold) {
                    line.append(',').append(counts.seen()[w]).append(',').append(counts.right()[w]);
                }
                CsvText.number(line.append(','), votes.weight(w), DIGITS).append(',');
                for (int g = 0; g < clones.groups().size(); g++) {
                    line.append(clones.groups().get(g).members().contains(w) ? Integer.toString(g + 1) : "");
                }
                out.write(line.append('\n'));
            }
            out.commit();
        }
    }
}
