package dev.chorus.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.config.ConfigException;
import dev.chorus.experiment.Child;
import dev.chorus.experiment.Counting;
import dev.chorus.experiment.Tiny;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StageStoreTest {
    private final Counting counting = new Counting();
    private final Stage stage = counting.stage("one");
    private final Tiny.Listener listener = new Tiny.Listener();

    @TempDir
    private Path folder;

    @Test
    void aFinishedStageIsFoundAgain() throws IOException {
        Path place = finished();

        try (StageStore store = new StageStore(folder)) {
            assertThat(store.has(stage, listener)).isTrue();
            assertThat(store.folder(stage)).isEqualTo(place);
            assertThat(store.has(counting.stage("two"), listener)).isFalse();
        }
        assertThat(Files.readString(place.resolve("text"))).isEqualTo("content");
        assertThat(Files.readString(place.resolve("deep/text"))).isEqualTo("deep");
        assertThat(listener.notes()).isEmpty();
    }

    @Test
    void anUnfinishedStageIsNotThere() throws IOException {
        try (StageStore store = new StageStore(folder)) {
            Files.writeString(store.begin(stage).resolve("text"), "content");
            assertThat(store.has(stage, listener)).isFalse();
            assertThat(store.folder(stage)).doesNotExist();
        }
    }

    @Test
    void aChangedFileIsFoundOutAndTold() throws IOException {
        Path place = finished();
        Files.writeString(place.resolve("deep/text"), "deeq");
        refused("deep/text is missing or changed");
    }

    @Test
    void aLostFileIsFoundOutAndTold() throws IOException {
        Path place = finished();
        Files.delete(place.resolve("text"));
        refused("text is missing or changed");
    }

    @Test
    void aMissingManifestIsFoundOutAndTold() throws IOException {
        Path place = finished();
        Files.delete(place.resolve("manifest.json"));
        refused("no manifest.json");
    }

    @Test
    void aTornManifestIsFoundOutAndTold() throws IOException {
        Path manifest = finished().resolve("manifest.json");
        String text = Files.readString(manifest);
        for (int length = 0; length < text.stripTrailing().length(); length += 7) {
            Files.writeString(manifest, text.substring(0, length));
            try (StageStore store = new StageStore(folder)) {
                assertThat(store.has(stage, listener))
                        .as("%d characters", length)
                        .isFalse();
            }
        }
        assertThat(listener.notes()).isNotEmpty().allMatch(note -> note.contains("label/one is damaged"));
    }

    @Test
    void aManifestOfAnotherStageIsFoundOutAndTold() throws IOException {
        Path manifest = finished().resolve("manifest.json");
        Files.writeString(manifest, Files.readString(manifest).replace(stage.hash(), "0".repeat(64)));
        refused("manifest.json belongs to another stage");
    }

    @Test
    void aDamagedStageCanBeReplaced() throws IOException {
        Files.writeString(finished().resolve("text"), "damaged");
        finished();
        try (StageStore store = new StageStore(folder)) {
            assertThat(store.has(stage, listener)).isTrue();
        }
    }

    @Test
    void whatAKilledRunLeftUnfinishedIsCleared() throws IOException {
        Path left;
        try (StageStore store = new StageStore(folder)) {
            left = store.begin(stage);
            Files.createDirectories(left.resolve("deep"));
            Files.writeString(left.resolve("deep/text"), "half");
        }
        Path other = finished(counting.stage("two"));
        new StageStore(folder).close();

        assertThat(left).doesNotExist();
        assertThat(other).isDirectory();
    }

    @Test
    void anAbandonedStageLeavesNothing() throws IOException {
        try (StageStore store = new StageStore(folder)) {
            Path out = store.begin(stage);
            Files.writeString(out.resolve("text"), "half");
            store.abandon(out);
        }
        assertThat(files()).containsExactly(".lock");
    }

    @Test
    void aSecondOpenerIsRefusedUntilTheFirstCloses() throws IOException {
        try (StageStore first = new StageStore(folder)) {
            assertThat(first).isNotNull();
            assertThatThrownBy(() -> new StageStore(folder))
                    .isInstanceOf(ConfigException.class)
                    .hasMessage(folder + ": another run is using this folder; wait for it or choose another --out");
        }
        assertThatCode(() -> new StageStore(folder).close()).doesNotThrowAnyException();
    }

    @Test
    void anotherProcessIsRefusedToo() throws Exception {
        try (StageStore first = new StageStore(folder)) {
            assertThat(first).isNotNull();
            assertThat(openElsewhere()).isEqualTo(3);
        }
        assertThat(openElsewhere()).isZero();
    }

    private int openElsewhere() throws Exception {
        Process process = Child.start(folder.resolve("log"), List.of(), StoreOpener.class, folder.toString());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    /** Opens a store and says with its exit status whether it could. */
    static final class StoreOpener {
        private StoreOpener() {}

        public static void main(String[] args) throws IOException {
            int status = 0;
            try {
                new StageStore(Path.of(args[0])).close();
            } catch (ConfigException e) {
                status = 3;
            }
            System.exit(status);
        }
    }

    private void refused(String note) throws IOException {
        try (StageStore store = new StageStore(folder)) {
            assertThat(store.has(stage, listener)).isFalse();
        }
        assertThat(listener.notes())
                .containsExactly("stage label/one is damaged (" + note + ") and will be computed again");
    }

    private Path finished() throws IOException {
        return finished(stage);
    }

    private Path finished(Stage each) throws IOException {
        try (StageStore store = new StageStore(folder)) {
            Path out = store.begin(each);
            Files.writeString(out.resolve("text"), "content");
            Files.createDirectories(out.resolve("deep"));
            Files.writeString(out.resolve("deep/text"), "deep");
            store.finish(each, out);
            assertThat(out).doesNotExist();
            return store.folder(each);
        }
    }

    private List<String> files() throws IOException {
        Path root = folder.resolve("stages");
        try (Stream<Path> walk = Files.walk(root)) {
            return walk.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }
}
