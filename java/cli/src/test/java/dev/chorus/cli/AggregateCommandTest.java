package dev.chorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import picocli.CommandLine;

class AggregateCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private Path votes;
    private Path gold;
    private Path labels;

    /** 400 utterances, six annotators and three bots of which two copy the first; the first 100 have gold. */
    @BeforeEach
    void simulate() throws IOException {
        votes = folder.resolve("votes.csv");
        gold = folder.resolve("gold.csv");
        labels = folder.resolve("labels.csv");
        Random random = new Random(7);
        String[] classes = {"alarm", "music, or radio", "a <b> & \"c\""};
        StringBuilder rows = new StringBuilder("task,worker,label\n");
        StringBuilder known = new StringBuilder("task,label\n");
        for (int t = 0; t < 400; t++) {
            int truth = random.nextInt(3);
            if (t < 100) {
                known.append('t')
                        .append(t)
                        .append(',')
                        .append(quoted(classes[truth]))
                        .append('\n');
            }
            for (int w = 0; w < 6; w++) {
                int said = random.nextDouble() < .9 - .06 * w ? truth : random.nextInt(3);
                rows.append("t" + t + ",annotator-" + w + "," + quoted(classes[said]) + "\n");
            }
            int bot = random.nextDouble() < .4 ? truth : random.nextInt(3);
            for (int b = 0; b < 3; b++) {
                rows.append("t" + t + ",bot-" + b + "," + quoted(classes[bot]) + "\n");
            }
        }
        Files.writeString(votes, rows);
        Files.writeString(gold, known);
    }

    private static String quoted(String text) {
        return '"' + text.replace("\"", "\"\"") + '"';
    }

    private int aggregate(Object... more) {
        List<String> args =
                new ArrayList<>(List.of("aggregate", "--votes", votes.toString(), "--out", labels.toString()));
        for (Object each : more) {
            args.add(each.toString());
        }
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        return line.execute(args.toArray(new String[0]));
    }

    @Test
    void votesBecomeLabels() throws IOException {
        assertThat(aggregate()).isZero();
        List<String> lines = Files.readAllLines(labels);
        assertThat(lines).hasSize(401);
        // Classes stand in the order in which they first appear in the votes.
        assertThat(lines.get(0)).startsWith("task,label,confidence,entropy,votes,");
        assertThat(lines.get(0)).contains("\"p_music, or radio\"", "p_alarm", "\"p_a <b> & \"\"c\"\"\"");
        assertThat(lines.get(1)).startsWith("t0,").contains(",9,");
        assertThat(out.toString())
                .contains("CSV: 3,600 votes of 9 labelers on 400 tasks, 3 classes, read in")
                .contains("bot-0, bot-1, bot-2 repeat each other (agreement 1.00 where")
                .contains("9 labelers, worth ")
                .endsWith("400 labels -> " + labels + "\n");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void everythingAtOnce() throws Exception {
        Path workers = folder.resolve("workers.csv");
        Path report = folder.resolve("report.html");
        assertThat(aggregate(
                        "--gold",
                        gold,
                        "--workers-out",
                        workers,
                        "--report",
                        report,
                        "--set",
                        "strength=2",
                        "--threads",
                        "2"))
                .isZero();
        assertThat(out.toString())
                .contains("on gold)")
                .containsPattern(
                        "accuracy on gold that the fit did not see: 0\\.[89]\\d+ \\[0\\.\\d+, 0\\.\\d+\\], 100 tasks")
                .contains("shares of the classes, corrected by gold: ");
        List<String> lines = Files.readAllLines(workers);
        assertThat(lines.get(0))
                .isEqualTo("worker,votes,coverage,overlap,conflict,agreement,kappa,accuracy,accuracy_low,accuracy_high,"
                        + "gold_seen,gold_right,weight_of_vote,clone_group");
        assertThat(lines).hasSize(10);
        assertThat(lines.get(9)).startsWith("bot-2,400,1,1,").endsWith(",1");
        assertThat(lines.get(1)).endsWith(",1,");
        String page = Files.readString(report);
        Document parsed = parse(page);
        assertThat(page).contains("a &lt;b&gt; &amp; &quot;c&quot;").doesNotContain("<b>");
        assertThat(page).contains("worth ", "clones are outlined", "Against gold", "What labelers confuse");
        Set<String> ids = new HashSet<>();
        NodeList all = parsed.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            String id = ((Element) all.item(i)).getAttribute("id");
            assertThat(id.isEmpty() || ids.add(id)).as(id).isTrue();
        }
    }

    private static Document parse(String page) throws Exception {
        String xml = page.substring(page.indexOf('\n') + 1);
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }

    @Test
    void clonesKeepTheirVotesIfTold() throws IOException {
        assertThat(aggregate("--clones", "keep", "--method", "one-coin")).isZero();
        assertThat(out.toString()).doesNotContain("repeat each other");
    }

    @Test
    void methodsAreCompared() throws Exception {
        Path report = folder.resolve("report.html");
        assertThat(aggregate("--method", "compare", "--report", report)).isZero();
        assertThat(out.toString())
                .contains("left out: kos: expected two classes, got 3")
                .containsPattern("12 methods agree on \\d+ of 400 tasks")
                .contains("most disputed: ");
        assertThat(Files.readAllLines(labels).get(0))
                .startsWith("task,label,agreement,votes,majority,weighted-majority,");
        parse(Files.readString(report));
        assertThat(aggregate("--method", "compare", "--force", "--set", "seed=1"))
                .isEqualTo(2);
        assertThat(aggregate("--method", "compare", "--force", "--workers-out", folder.resolve("w.csv")))
                .isEqualTo(2);
    }

    @Test
    void packedIfTheNameSaysSo() throws IOException {
        labels = folder.resolve("labels.csv.gz");
        assertThat(aggregate("--method", "majority")).isZero();
        try (InputStream in = new GZIPInputStream(Files.newInputStream(labels))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).startsWith("task,label,");
        }
    }

    @Test
    void wrongUsageIsSaidInOneLine() {
        assertThat(aggregate("--method", "snorkel")).isEqualTo(2);
        assertThat(err.toString())
                .startsWith("chorus: --method: there is no aggregator called 'snorkel'; there are majority,");
        assertThat(aggregate("--set", "strenght=1")).isEqualTo(2);
        assertThat(err.toString()).contains("ibcc has no setting 'strenght'");
        assertThat(aggregate("--clones", "drop")).isEqualTo(2);
        assertThat(err.toString()).contains("--clones: expected share or keep, got drop");
        assertThat(aggregate("--duplicates", "all")).isEqualTo(2);
        assertThat(aggregate("--column", "tusk=q")).isEqualTo(2);
        assertThat(err.toString()).contains("--column: there is no column role 'tusk'");
        assertThat(aggregate("--threads", "0")).isEqualTo(2);
        assertThat(aggregate("--report", folder.resolve("none/report.html"))).isEqualTo(2);
        assertThat(err.toString()).contains("its folder does not exist");
        assertThat(labels).doesNotExist();
    }

    @Test
    void filesThatExistAreKept() throws IOException {
        Files.writeString(labels, "mine");
        assertThat(aggregate()).isEqualTo(2);
        assertThat(err.toString()).contains("already exists; --force replaces it");
        assertThat(labels).hasContent("mine");
        assertThat(aggregate("--force")).isZero();
    }

    @Test
    void badRowsStopItOrAreCounted() throws IOException {
        Files.writeString(votes, Files.readString(votes) + "t1,annotator-0\n");
        assertThat(aggregate()).isEqualTo(1);
        assertThat(err.toString()).isEqualTo("chorus: " + votes + ":3602: expected 3 fields as in the header, got 2\n");
        assertThat(labels).doesNotExist();
        assertThat(aggregate("--skip-bad")).isZero();
        assertThat(err.toString()).contains("chorus: 1 bad row left out");
    }

    @Test
    void methodsThatCannotTakeTheVotesSayWhy() {
        assertThat(aggregate("--method", "kos")).isEqualTo(1);
        assertThat(err.toString()).contains("kos: expected two classes, got 3");
    }

    @Test
    void nothingIsLeftBesideTheResults() throws IOException {
        aggregate();
        try (var files = Files.list(folder)) {
            assertThat(files.map(f -> f.getFileName().toString()).toList())
                    .containsExactlyInAnyOrder("votes.csv", "gold.csv", "labels.csv");
        }
    }
}
