package dev.chorus.aggregate.votes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chorus.aggregate.votes.ReadSettings.Duplicates;
import dev.chorus.aggregate.votes.VoteFiles.ReadGold;
import dev.chorus.aggregate.votes.VoteFiles.ReadVotes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VoteFilesTest {

    private static final ReadSettings PLAIN = ReadSettings.defaults();

    @TempDir
    Path folder;

    private Path file(String content) throws IOException {
        Path file = folder.resolve("votes.csv");
        Files.writeString(file, content);
        return file;
    }

    private ReadVotes read(String content) throws IOException {
        return VoteFiles.read(file(content), PLAIN);
    }

    private static ReadVotes export(String name) throws Exception {
        return VoteFiles.read(Path.of(VoteFilesTest.class.getResource(name).toURI()), PLAIN);
    }

    /** {@code task worker label} of every vote, in the order kept. */
    private static String[] rows(Votes votes) {
        String[] rows = new String[votes.size()];
        for (int v = 0; v < rows.length; v++) {
            rows[v] = votes.taskNames().get(votes.taskOf(v)) + " "
                    + votes.workerNames().get(votes.worker(v)) + " "
                    + votes.classNames().get(votes.label(v));
        }
        return rows;
    }

    @Test
    void plainCsv() throws IOException {
        ReadVotes read = read("task,worker,label\nb,x,1\na,x,0\nb,y,1\n");
        assertThat(read.format()).isEqualTo("CSV");
        assertThat(rows(read.votes())).containsExactly("b x 1", "b y 1", "a x 0");
        assertThat(read.votes().hasProbabilities()).isFalse();
    }

    @Test
    void csvInAllItsForms() throws IOException {
        String[] same = {
            "task,worker,label\nt,w,l\n",
            "task,worker,label\nt,w,l",
            "task,worker,label\r\nt,w,l\r\n",
            "\uFEFFtask,worker,label\nt,w,l\n",
            "task\tworker\tlabel\nt\tw\tl\n",
            "task;worker;label\nt;w;l\n",
            "Label,Worker,Task\nl,w,t\n",
            "\"task\",\"worker\",\"label\"\n\"t\",\"w\",\"l\"\n",
            "\"task\",\"worker\",\"label\"\r\n\"t\",\"w\",\"l\"",
            "item,judge,vote,extra\nt,w,l,what,\n".replace("what,", "what"),
        };
        for (String text : same) {
            assertThat(rows(read(text).votes())).as(text).containsExactly("t w l");
        }
        Votes odd = read("task,worker,label\n\"a,b\",\"say \"\"yes\"\"\",\"two\nlines\"\nc,d,e\n")
                .votes();
        assertThat(rows(odd)).containsExactly("a,b say \"yes\" two\nlines", "c d e");
    }

    @Test
    void longFieldsCrossTheBuffersEnd() throws IOException {
        StringBuilder text = new StringBuilder("task,worker,label\n");
        SplittableRandom random = new SplittableRandom(1);
        String[] expected = new String[2000];
        for (int i = 0; i < expected.length; i++) {
            String task = "t" + i + "x".repeat(random.nextInt(700));
            boolean quoted = random.nextBoolean();
            text.append(quoted ? '"' + task + "\"\"\"" : task)
                    .append(",w,")
                    .append(i % 3)
                    .append('\n');
            expected[i] = task + (quoted ? "\"" : "") + " w " + i % 3;
        }
        assertThat(rows(read(text.toString()).votes())).containsExactly(expected);
    }

    @Test
    void gzipIsUnpacked() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write("task,worker,label\nt,w,l\n".getBytes(StandardCharsets.UTF_8));
        }
        Path file = folder.resolve("votes");
        Files.write(file, bytes.toByteArray());
        assertThat(rows(VoteFiles.read(file, PLAIN).votes())).containsExactly("t w l");
        Files.write(file, java.util.Arrays.copyOf(bytes.toByteArray(), bytes.size() - 12));
        assertThatThrownBy(() -> VoteFiles.read(file, PLAIN)).hasMessageContaining("cut off");
    }

    @Test
    void probabilitiesAreKept() throws IOException {
        Votes votes = read("task,worker,label,probability\nt,w,l,0.9325\nt,x,l,\nt,y,m,1e-3\nt,z,m,1\n")
                .votes();
        assertThat(votes.probability(0)).isCloseTo(.9325, within(1e-7));
        assertThat(votes.probability(1)).isNaN();
        assertThat(votes.probability(2)).isCloseTo(.001, within(1e-9));
        assertThat(votes.probability(3)).isEqualTo(1);
    }

    @Test
    void columnsByOtherNames() throws IOException {
        Path file = file("q,who,says\nt,w,l\n");
        ReadSettings named = PLAIN.withColumns(Map.of("task", "q", "worker", "who", "label", "says"));
        assertThat(rows(VoteFiles.read(file, named).votes())).containsExactly("t w l");
        assertThatThrownBy(() -> VoteFiles.read(file, PLAIN))
                .hasMessageContaining("votes.csv:1: no column for the task; the header has [q, who, says]");
        assertThatThrownBy(() -> VoteFiles.read(file, PLAIN.withColumns(Map.of("task", "nope"))))
                .hasMessageContaining("there is no column 'nope'");
        assertThatThrownBy(() -> PLAIN.withColumns(Map.of("tusk", "q"))).hasMessageContaining("no column role 'tusk'");
    }

    @Test
    void badRowsAreNamedByTheirLine() throws IOException {
        String head = "task,worker,label,probability\nt,w,l,0.5\n";
        Map<String, String> bad = Map.of(
                "a,b\n", "votes.csv:3: expected 4 fields as in the header, got 2",
                "a,,c,0.5\n", "votes.csv:3: no worker",
                "a,b,,0.5\n", "votes.csv:3: no label",
                "a,b,c,1.5\n", "votes.csv:3: expected a probability in [0, 1], got '1.5'",
                "a,b,c,high\n", "votes.csv:3: expected a probability in [0, 1], got 'high'",
                "t,w,m,0.1\n", "votes.csv:3: a second vote of worker w on task t",
                "\nx,y,z,1\n", "votes.csv:3: an empty line",
                "\"a,b,c,1\n", "votes.csv:3: a quoted field that does not end",
                "\"a\"b,b,c,1\n", "votes.csv:3: text behind a closing quote");
        for (Map.Entry<String, String> entry : bad.entrySet()) {
            Path file = file(head + entry.getKey());
            assertThatThrownBy(() -> VoteFiles.read(file, PLAIN))
                    .isInstanceOf(VoteFileException.class)
                    .hasMessageContaining(entry.getValue());
            ReadVotes skipping = VoteFiles.read(file, PLAIN.withSkipBad(true));
            assertThat(skipping.skipped()).as(entry.getKey()).isEqualTo(1);
            assertThat(skipping.problems().get(0)).contains(entry.getValue());
            assertThat(rows(skipping.votes())[0]).isEqualTo("t w l");
        }
    }

    @Test
    void brokenTextIsNamedByItsLine() throws IOException {
        Path file = folder.resolve("broken.csv");
        byte[] bytes = "task,worker,label\nä,w,l\nt,w,?\n".getBytes(StandardCharsets.UTF_8);
        bytes[bytes.length - 2] = (byte) 0xFF;
        Files.write(file, bytes);
        assertThatThrownBy(() -> VoteFiles.read(file, PLAIN))
                .hasMessageContaining("broken.csv:3: the label is not UTF-8");
    }

    @Test
    void linesAreCountedThroughQuotesAndSkippedRows() throws IOException {
        Path file = file("task,worker,label\n\"a\nb\",w,l\nx,w,l\nbroken\ny,w,l\nx,w,m\n");
        assertThatThrownBy(() -> VoteFiles.read(file, PLAIN)).hasMessageContaining(":5: expected 3 fields");
        ReadVotes read = VoteFiles.read(file, PLAIN.withSkipBad(true));
        assertThat(read.skipped()).isEqualTo(2);
        assertThat(read.problems().get(1)).contains("votes.csv:7: a second vote of worker w on task x");
    }

    @Test
    void duplicatesByRule() throws IOException {
        Path file = file(
                "task,worker,label,timestamp\nt,w,a,2026-01-02T00:00:00Z\nu,w,z,2026-01-01\nt,w,b,2026-01-03T10:00:00+01:00\n"
                                .replace("2026-01-01\n", "2026-01-01T00:00:00Z\n")
                        + "t,w,c,2026-01-01 00:00:00\n");
        assertThat(rows(VoteFiles.read(file, PLAIN.withDuplicates(Duplicates.FIRST))
                        .votes()))
                .containsExactly("t w a", "u w z");
        assertThat(rows(VoteFiles.read(file, PLAIN.withDuplicates(Duplicates.LAST))
                        .votes()))
                .containsExactly("t w b", "u w z");
        Path untimed = file("task,worker,label\nt,w,a\nt,w,b\n");
        assertThat(rows(VoteFiles.read(untimed, PLAIN.withDuplicates(Duplicates.LAST))
                        .votes()))
                .containsExactly("t w b");
        Path wrong = file("task,worker,label,timestamp\nt,w,a,yesterday\n");
        assertThatThrownBy(() -> VoteFiles.read(wrong, PLAIN.withDuplicates(Duplicates.LAST)))
                .hasMessageContaining(":2: expected a timestamp");
    }

    @Test
    void abstentionsAreNoVotes() throws IOException {
        ReadVotes read =
                VoteFiles.read(file("task,worker,label\nt,w,-1\nt,x,1\nu,w,-1\n"), PLAIN.withAbstentions(Set.of("-1")));
        assertThat(rows(read.votes())).containsExactly("t x 1");
        assertThat(read.votes().tasks()).isEqualTo(2);
        assertThat(read.abstained()).isEqualTo(2);
    }

    @Test
    void emptyAndMissingFiles() throws IOException {
        assertThatThrownBy(() -> VoteFiles.read(folder.resolve("none.csv"), PLAIN))
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> VoteFiles.read(folder, PLAIN)).hasMessageContaining("is a directory");
        assertThatThrownBy(() -> read("")).hasMessageContaining("is empty");
        assertThatThrownBy(() -> read("task,worker,label\n")).hasMessageContaining("holds no vote");
    }

    @Test
    void labelStudio() throws Exception {
        ReadVotes read = export("label-studio.json");
        assertThat(read.format()).isEqualTo("Label Studio");
        assertThat(rows(read.votes()))
                .containsExactly(
                        "11 3 alarm", "11 kim@example.org calendar", "11 small-1 alarm", "12 kim@example.org weather");
        assertThat(read.votes().probability(2)).isCloseTo(.83, within(1e-7));
        assertThat(read.abstained()).isEqualTo(1);
        assertThat(read.votes().goldCount()).isEqualTo(1);
        assertThat(read.votes().gold(1)).isEqualTo(read.votes().classNames().indexOf("weather"));
    }

    @Test
    void argillaInItsThreeShapes() throws Exception {
        ReadVotes server = export("argilla-server.json");
        assertThat(server.format()).isEqualTo("Argilla");
        assertThat(rows(server.votes()))
                .containsExactly("r1 ann positive", "r1 tiny-model positive", "r2 bob negative");
        assertThat(server.abstained()).isEqualTo(1);
        assertThat(rows(export("argilla-records.jsonl").votes()))
                .containsExactly(
                        "r1 ann positive", "r1 bob negative", "r1 tiny-model positive", "r2 suggestion negative");
        assertThat(rows(export("argilla-flat.jsonl").votes()))
                .containsExactly("r1 ann positive", "r1 tiny-model positive");
    }

    @Test
    void prodigy() throws Exception {
        ReadVotes choices = export("prodigy-choices.jsonl");
        assertThat(choices.format()).isEqualTo("Prodigy");
        assertThat(rows(choices.votes())).containsExactly("71 sentiment-ann pos", "71 sentiment-bob neg", "73 bob neg");
        assertThat(choices.votes().tasks()).isEqualTo(3);
        assertThat(rows(export("prodigy-binary.jsonl").votes())).containsExactly("501 ann accept", "502 ann reject");
    }

    @Test
    void cleanlabAndJudges() throws Exception {
        assertThat(rows(export("cleanlab-long.csv").votes()))
                .containsExactly("0 A0001 1", "0 A0002 0", "1 A0002 2", "2 A0001 1");
        ReadVotes judges = export("judges.jsonl");
        assertThat(rows(judges.votes())).containsExactly("q1 judge-a pass", "q1 judge-b fail", "q2 judge-a true");
        assertThat(judges.votes().probability(0)).isCloseTo(.9, within(1e-7));
        assertThat(judges.abstained()).isEqualTo(1);
    }

    @Test
    void badJsonIsNamedByItsLine() {
        String good = "{\"task\":\"t\",\"worker\":\"w\",\"label\":\"l\"}\n";
        assertThatThrownBy(() -> read(good + "{\"task\":\n")).hasMessageContaining("votes.csv:2: not JSON");
        assertThatThrownBy(() -> read(good + "{\"task\":\"t\",\"label\":\"l\"}\n"))
                .hasMessageContaining(":2: no worker");
        assertThatThrownBy(() -> read(good + "{\"task\":\"t\",\"worker\":\"v\",\"label\":[1]}\n"))
                .hasMessageContaining(":2: the label is no text or number: [1]");
        assertThatThrownBy(() -> read(good + "7\n")).hasMessageContaining(":2: expected a JSON object, got 7");
        assertThatThrownBy(() -> read("[1]")).hasMessageContaining("expected a record");
        assertThatThrownBy(() -> read("[{\"task\":\"t\"")).hasMessageContaining("not JSON");
    }

    @Test
    void aListOfPlainVotes() throws IOException {
        assertThat(rows(read("[{\"task\":1,\"worker\":2,\"label\":3},\n {\"task\":1,\"worker\":4,\"label\":3}]")
                        .votes()))
                .containsExactly("1 2 3", "1 4 3");
        assertThat(rows(read("{\n\"records\": [{\"task\":1,\"worker\":2,\"label\":3}]}")
                        .votes()))
                .containsExactly("1 2 3");
    }

    @Test
    void goldBesideVotes() throws IOException {
        Votes votes = read("task,worker,label\na,w,x\nb,w,y\n").votes();
        Path gold = folder.resolve("gold.csv");
        Files.writeString(gold, "task,label\nb,z\nq,x\n");
        ReadGold read = VoteFiles.readGold(gold, votes, PLAIN);
        assertThat(read.labels()).isEqualTo(1);
        assertThat(read.unknown()).isEqualTo(1);
        assertThat(read.votes().gold(1)).isEqualTo(2);
        assertThat(read.votes().classNames()).containsExactly("x", "y", "z");
        assertThat(votes.classes()).isEqualTo(2);
        Files.writeString(gold, "task,label\nb,z\nb,x\n");
        assertThatThrownBy(() -> VoteFiles.readGold(gold, votes, PLAIN))
                .hasMessageContaining("gold.csv:3: a second gold");
        Files.writeString(gold, "task,label\nq,x\n");
        assertThatThrownBy(() -> VoteFiles.readGold(gold, votes, PLAIN)).hasMessageContaining("none of its 1 tasks");
    }

    @Test
    void parquetSaysWhatItNeeds() throws IOException {
        Path file = folder.resolve("votes.parquet");
        Files.writeString(file, "PAR1 and no more");
        String needs = hasDuckDb() ? "cannot be read as Parquet" : "add org.duckdb:duckdb_jdbc";
        assertThatThrownBy(() -> VoteFiles.read(file, PLAIN)).hasMessageContaining(needs);
    }

    @Test
    void parquetThroughDuckDb() throws Exception {
        assumeTrue(hasDuckDb(), "org.duckdb:duckdb_jdbc is not on the class path");
        Path file = folder.resolve("it's votes.parquet");
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("COPY (SELECT 1 AS item, 'w' AS judge, 'yes' AS label, 0.25 AS probability UNION ALL "
                    + "SELECT 2, 'w', 'no', NULL) TO '" + file.toString().replace("'", "''") + "' (FORMAT parquet)");
        }
        Votes votes = VoteFiles.read(file, PLAIN).votes();
        assertThat(rows(votes)).containsExactlyInAnyOrder("1 w yes", "2 w no");
        assertThat(votes.hasProbabilities()).isTrue();
    }

    private static boolean hasDuckDb() {
        try {
            return DriverManager.getDriver("jdbc:duckdb:") != null;
        } catch (SQLException e) {
            return false;
        }
    }
}
