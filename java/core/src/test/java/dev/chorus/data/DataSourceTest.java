package dev.chorus.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.task.slurp.SlotText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataSourceTest {
    @TempDir
    private Path folder;

    @Test
    void filesAreRelativeToTheFolder() throws IOException {
        Files.createDirectories(folder.resolve("sub"));
        Files.writeString(folder.resolve("sub/a.txt"), "eins\nzwei\n");

        DataSource source = DataSource.open("sub/a.txt", folder);

        assertThat(source.lines()).containsExactly("eins", "zwei");
        assertThat(source.name()).isEqualTo(folder.resolve("sub/a.txt").toString());
        // printf 'eins\nzwei\n' | sha256sum
        assertThat(source.sha256()).isEqualTo("cea7589481795a99cc8b7989cc24706fd26d46cde9fc381d07db562de08b2e18");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> DataSource.open("none.jsonl", folder))
                .isInstanceOf(DataException.class)
                .hasMessage(folder.resolve("none.jsonl") + ": no such file");
        assertThatThrownBy(() -> DataSource.open(".", folder))
                .isInstanceOf(DataException.class)
                .hasMessageEndingWith(": is a directory; expected a regular file, since it is read more than once");
    }

    @Test
    void specialFilesAreRefusedByNameAndNotOpened() {
        assertThatThrownBy(() -> DataSource.open("/dev/zero", folder))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("/dev/zero: is a character device; ");
    }

    @Test
    @Timeout(60)
    void aPipeIsRefusedByNameAndNotWaitedFor() throws IOException, InterruptedException {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> DataSource.open("pipe", folder))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(pipe + ": is a pipe; ");
    }

    @Test
    void textThatIsNotUtf8IsRefusedWithLineAndByte() throws IOException {
        Files.write(folder.resolve("latin.txt"), "a\nzürich\n".getBytes(StandardCharsets.ISO_8859_1));
        Files.write(folder.resolve("utf16.txt"), "text".getBytes(StandardCharsets.UTF_16));
        assertThatThrownBy(() -> DataSource.open("latin.txt", folder).lines())
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(
                        folder.resolve("latin.txt") + ":2: not UTF-8: byte 0xFC at place 2 of the line, 4 of the file");
        assertThatThrownBy(() -> DataSource.open("utf16.txt", folder).lines())
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(folder.resolve("utf16.txt") + ": is UTF-16;");
    }

    @Test
    void aFileThatChangesBetweenTwoReadingsIsNoticed() throws IOException {
        Path file = Files.writeString(folder.resolve("a.txt"), "one\n");
        DataSource source = DataSource.open("a.txt", folder);
        assertThat(source.lines()).containsExactly("one");
        Files.writeString(file, "two\n");
        assertThatThrownBy(source::lines)
                .isInstanceOf(DataException.class)
                .hasMessage(file + ": was changed while it was read; run the command again");
    }

    @Test
    void aMissingBuiltInFileIsNamed() {
        assertThatThrownBy(() -> DataSource.open("builtin:slurp/tets.jsonl", folder))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("builtin:slurp/tets.jsonl: no such built-in file");
    }

    @Test
    void theBytesCannotBeChangedFromOutside() {
        byte[] bytes = {1, 2, 3};
        DataSource source = new DataSource("x", bytes);
        bytes[0] = 9;
        source.content()[1] = 9;
        assertThat(source.content()).containsExactly(1, 2, 3);
    }

    @ParameterizedTest
    @CsvSource({
        "builtin:slurp/test.jsonl, 2974, 18",
        "builtin:slurp/devel.jsonl, 2033, 18",
        "builtin:hwu64/train.jsonl, 9760, 18"
    })
    void theBuiltInExamplesAreAllThere(String reference, int count, int scenarios) {
        List<Example> examples = ExampleReader.read(DataSource.open(reference, folder));

        assertThat(examples).hasSize(count);
        assertThat(examples.stream().map(Example::scenario).distinct()).hasSize(scenarios);
    }

    @Test
    void theUnlabelledSentencesAreAllThere() {
        List<String> lines =
                DataSource.open("builtin:slurp/unlabelled.txt", folder).lines();

        assertThat(lines).hasSize(11483).noneMatch(String::isBlank);
    }

    @Test
    void theBuiltInSplitsShareNoSentence() {
        List<Example> devel = examples("builtin:slurp/devel.jsonl");
        List<Example> test = examples("builtin:slurp/test.jsonl");
        Set<String> tested = new HashSet<>();
        test.forEach(example -> tested.add(example.sentence()));

        assertThat(devel).noneMatch(example -> tested.contains(example.sentence()));
        assertThat(DataSource.open("builtin:slurp/unlabelled.txt", folder).lines())
                .noneMatch(tested::contains);
    }

    @Test
    void everyBuiltInAnswerSurvivesBeingWrittenAsText() {
        List<Example> all = new ArrayList<>();
        for (String reference :
                List.of("builtin:slurp/test.jsonl", "builtin:slurp/devel.jsonl", "builtin:hwu64/train.jsonl")) {
            all.addAll(examples(reference));
        }
        SlotText slots = new SlotText(SlotText.typesOf(all));

        assertThat(all).allSatisfy(example -> assertThat(slots.read(SlotText.write(example.entities())))
                .isEqualTo(example.entities()));
    }

    private List<Example> examples(String reference) {
        return ExampleReader.read(DataSource.open(reference, folder));
    }
}
