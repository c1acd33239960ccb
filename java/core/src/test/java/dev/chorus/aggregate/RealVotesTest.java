package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.aggregate.labelers.Clones;
import dev.chorus.aggregate.labelers.ErrorCorrelation;
import dev.chorus.aggregate.labelers.Krippendorff;
import dev.chorus.aggregate.votes.ReadSettings;
import dev.chorus.aggregate.votes.VoteFiles;
import dev.chorus.aggregate.votes.Votes;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Sixteen language models on real items whose labels are not published, but whose own accuracies are. What the methods estimate of
 * the labelers' accuracies is set beside the recorded ones; {@code -Dchorus.votes.table=FILE} writes the table of the documentation.
 */
class RealVotesTest {

    private static final String[] SETS = {"chat", "code", "math"};
    private static final Map<String, String> SKILL = new LinkedHashMap<>();

    static {
        SKILL.put("majority", "agreement");
        SKILL.put("wawa", "agreement");
        SKILL.put("one-coin", "accuracy");
        SKILL.put("dawid-skene", "accuracy");
        SKILL.put("ibcc", "accuracy");
        SKILL.put("m-msr", "accuracy");
    }

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(RealVotesTest.class.getResource("real/" + name).toURI());
    }

    private static Votes votes(String set) throws Exception {
        return VoteFiles.read(resource("w2s_" + set + ".csv.gz"), ReadSettings.defaults())
                .votes();
    }

    /** [workers] as recorded. */
    private static double[] recorded(String set, Votes votes) throws IOException, URISyntaxException {
        Map<String, Double> byName = new HashMap<>();
        for (String line : Files.readAllLines(resource("w2s_accuracies.csv"))) {
            String[] fields = line.split(",", -1);
            if (fields[0].equals(set)) {
                byName.put(fields[1], Double.valueOf(fields[3]));
            }
        }
        double[] accuracy = new double[votes.workers()];
        for (int w = 0; w < accuracy.length; w++) {
            accuracy[w] = byName.get(votes.workerNames().get(w));
        }
        return accuracy;
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    private static double correlation(double[] a, double[] b) {
        double ma = mean(a);
        double mb = mean(b);
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (a[i] - ma) * (b[i] - mb);
            aa += (a[i] - ma) * (a[i] - ma);
            bb += (b[i] - mb) * (b[i] - mb);
        }
        return ab / Math.sqrt(aa * bb);
    }

    @Test
    void methodsAgreeAndAllTakeSharedErrorsForTruth() throws Exception {
        StringBuilder table = new StringBuilder();
        for (String set : SETS) {
            Votes votes = votes(set);
            double[] recorded = recorded(set, votes);
            int[] majority = Aggregators.standard().make("majority").fitPredict(votes);
            ErrorCorrelation errors = ErrorCorrelation.withoutGold(votes);
            // Accuracies that are known say exactly how often two labelers err together.
            ErrorCorrelation known = ErrorCorrelation.fromAccuracies(votes, recorded);
            assertThat(known.effectiveLabelers()).as(set).isBetween(1.5, 2.3);
            assertThat(errors.effectiveLabelers()).as(set).isGreaterThan(known.effectiveLabelers());
            table.append(String.format(
                    Locale.ROOT,
                    "%s: %d items, alpha %.3f, n_eff %.2f (rho %.3f), without gold %.2f (rho %.3f), clones %d, accuracy %.3f%n",
                    set,
                    votes.tasks(),
                    Krippendorff.alpha(votes),
                    known.effectiveLabelers(),
                    known.mean(),
                    errors.effectiveLabelers(),
                    errors.mean(),
                    Clones.find(votes).groups().size(),
                    mean(recorded)));
            for (String name : Aggregators.standard().names()) {
                Aggregation result = Aggregators.standard().make(name).fit(votes);
                int[] labels = result.labels();
                int same = 0;
                for (int t = 0; t < labels.length; t++) {
                    same += labels[t] == majority[t] ? 1 : 0;
                }
                double agreement = (double) same / labels.length;
                double[] skill = result.skills().get(SKILL.getOrDefault(name, "none"));
                table.append(String.format(Locale.ROOT, "  %-20s as majority %.4f", name, agreement));
                if (skill != null) {
                    table.append(String.format(
                            Locale.ROOT,
                            "  estimated %.3f  correlation %.3f",
                            mean(skill),
                            correlation(skill, recorded)));
                    // All labelers share their errors: every method without gold takes them for far better than they
                    // are.
                    assertThat(mean(skill)).as(set + " " + name).isGreaterThan(mean(recorded) + .05);
                }
                table.append(System.lineSeparator());
                assertThat(agreement).as(set + " " + name).isGreaterThan(.9);
            }
            assertThat(errors.effectiveLabelers()).isBetween(1.5, 8.0);
        }
        String target = System.getProperty("chorus.votes.table");
        if (target != null) {
            Files.writeString(Path.of(target), table);
        }
    }
}
