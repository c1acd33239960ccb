package dev.chorus.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.config.ConfigException;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.weights.Precision;
import dev.chorus.results.Results;
import dev.chorus.stage.ProgressListener.StageView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs whose weak or strong models come from Hugging Face folders. */
class LocalModelTest {
    private static final Path FIXTURES = Path.of("src/test/resources/fixtures").toAbsolutePath();

    @TempDir
    private Path scratch;

    /** What is taught is what lies in the folders, and what is in them is what counts, not where they lie. */
    @Test
    void weakAndStrongModelsMayBeFolders() throws IOException {
        Path weak = copy("llama", "llama");
        Path out = scratch.resolve("out");
        String[] overrides = {
            "seeds=[0]",
            "weak.models.1={name: local, folder: " + weak + "}",
            // Relative to the configuration.
            "strong={folder: ../fixtures/gpt2}",
            "data.unlabelled=null",
            "weak.scenario.train.epochs=2",
            "weak.slots.train.epochs=2",
            "scenario.train.epochs=2",
            "slots.train.epochs=2"
        };
        Results results = Tiny.run(out, overrides);

        assertThat(results.stagesRun()).isEqualTo(31);
        assertThat(results.data()).containsEntry("unlabelled", 0);
        for (Results.Task task : results.tasks()) {
            assertThat(task.models()).extracting(Results.Model::title).contains("local (2×48, llama)");
            assertThat(task.curves()).noneMatch(curve -> curve.stage().equals("pretrain"));
            assertThat(task.curves())
                    .filteredOn(curve -> curve.model().equals("local"))
                    .hasSize(1);
            // The students' trained values are those of the GPT-2 folder.
            assertThat(task.models())
                    .filteredOn(model -> model.role().equals("student"))
                    .isNotEmpty()
                    .allSatisfy(model -> assertThat(model.parameters()).isGreaterThan(80_000));
        }
        Path trained = onlyStage(out.resolve("stages/weak"), "slots-local");
        try (ModelFolder model = ModelFolder.open(trained, Precision.F32)) {
            assertThat(model.decoder().config().family().modelType()).isEqualTo("llama");
        }

        Path moved = Files.move(weak, scratch.resolve("elsewhere"));
        overrides[1] = "weak.models.1={name: local, folder: " + moved + "}";
        assertThat(Tiny.load(overrides).plan(out, true)).allMatch(StageView::reused);

        Files.writeString(moved.resolve("generation_config.json"), "{}");
        List<StageView> plan = Tiny.load(overrides).plan(out, true);
        assertThat(again(plan))
                .contains("weak/scenario/local/seed-0", "label/slots/local/seed-0", "student/slots/naive/seed-0")
                .doesNotContain(
                        "weak/scenario/small/seed-0", "evaluate/slots/small/seed-0", "student/slots/ceiling/seed-0");
    }

    /** Nothing is pre-trained, and the students of a changed folder are other students. */
    @Test
    void aChangedStrongFolderChangesTheStudentsAlone() throws IOException {
        Path strong = copy("gpt2", "strong");
        String[] overrides = {"seeds=[0]", "strong={folder: " + strong + "}", "data.unlabelled=null"};
        Set<String> before = hashes(overrides);
        Files.writeString(strong.resolve("generation_config.json"), "{}");
        Set<String> after = hashes(overrides);
        overrides[1] = "strong={folder: " + strong + ", precision: bf16}";
        Set<String> rounded = hashes(overrides);

        Set<String> kept = Stream.concat(
                        Stream.of("small", "wide")
                                .flatMap(name -> Stream.of(
                                        "weak/scenario/" + name,
                                        "weak/slots/" + name,
                                        "label/scenario/" + name,
                                        "label/slots/" + name,
                                        "evaluate/scenario/" + name,
                                        "evaluate/slots/" + name)),
                        Stream.of("aggregate/scenario/ensemble", "aggregate/slots/ensemble"))
                .collect(Collectors.toSet());
        assertThat(common(before, after)).isEqualTo(kept);
        assertThat(common(after, rounded)).isEqualTo(kept);
        assertThat(before).noneMatch(each -> each.startsWith("pretrain"));
    }

    @Test
    void anAdapterIsTrainedAndSavedMerged() throws IOException {
        Path out = scratch.resolve("out");
        Results results = Tiny.run(
                out,
                "seeds=[0]",
                "strong={folder: ../fixtures/llama, precision: bf16, lora: {rank: 2, alpha: 4, dropout: 0.1, targets: [q_proj, v_proj]}}",
                "data.unlabelled=null",
                "scenario=null",
                "weak.scenario=null",
                "slots.train.epochs=2");

        // Two layers, two projections of 48 channels, and rank 2 on either side.
        assertThat(results.tasks().get(0).models())
                .filteredOn(model -> !model.role().equals("weak"))
                .hasSize(4)
                .allSatisfy(model -> assertThat(model.parameters()).isEqualTo(2 * 2 * 2 * (48 + 48)));
        for (String student : List.of("slots-naive-seed-0", "slots-naive-dpo")) {
            try (ModelFolder model = ModelFolder.open(onlyStage(out.resolve("stages/student"), student), null)) {
                assertThat(model.decoder().adapter()).isEmpty();
                assertThat(model.decoder().precision()).isEqualTo(Precision.BF16);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "weak.models.1={name: wide, folder: F/llama, layers: 2}  | weak.models[1].layers: expected nothing beside 'folder', which brings its own, got 2",
                "weak.models.1={name: wide, folder: F/llama, tokenizer: x} | weak.models[1].tokenizer: expected nothing beside 'folder'",
                "weak.models.1={name: wide, layers: 1, width: 8, heads: 1} | key 'weak.models[1].tokenizer' is missing",
                "weak.models.1={name: wide, folder: F/none}              | weak.models.wide.folder: expected a model's folder",
                "weak.models.1={name: wide, folder: F}                   | config.json: no such file",
                "weak.models.1={name: wide, folder: F/llama, lora: 1}    | unknown key 'weak.models[1].lora'",
                "strong={folder: F/gpt2}                                 | data.unlabelled: expected nothing, because strong.folder is not pre-trained",
                "strong={folder: F/gpt2, seed: 0}                        | strong.seed: expected nothing beside 'folder'",
                "strong={folder: F/gpt2, precision: f16}                 | strong.precision: expected one of bf16, f32, got \"f16\"",
                "strong.precision=f32                                    | strong.precision: expected nothing without 'folder', got \"f32\"",
                "strong.pretrain=null                                    | key 'strong.pretrain' is missing",
                "data.unlabelled=null                                    | data.unlabelled: expected a file, because the strong model is pre-trained, got nothing",
            })
    void whatDoesNotGoTogetherNamesItsKey(String override, String problem) {
        assertThatThrownBy(() -> Tiny.load(override.replace("F", FIXTURES.toString())))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(Tiny.YAML + ": ")
                .hasMessageContaining(problem)
                .message()
                .hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{rank: 0, alpha: 4, dropout: 0, targets: []}         | strong.lora.rank: expected from 1 to 4096, got 0",
                "{rank: 2, alpha: 4, dropout: 1, targets: []}         | strong.lora.dropout: expected 0 to below 1, got 1",
                "{rank: 2, alpha: 4, dropout: 0, targets: [lm_head]}  | strong.lora.targets: target modules [lm_head] are no projections",
                "{rank: 2, alpha: 4, dropout: 0}                      | key 'strong.lora.targets' is missing",
            })
    void anAdapterThatCannotBeIsNamed(String lora, String problem) {
        assertThatThrownBy(() -> Tiny.load(
                        "strong={folder: ../fixtures/llama, lora: " + lora + "}",
                        "data.unlabelled=null",
                        "scenario=null",
                        "weak.scenario=null"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(Tiny.YAML + ": ")
                .hasMessageContaining(problem);
    }

    @Test
    void anAdapterLeavesNoHeadToTrain() {
        assertThatThrownBy(() -> Tiny.load(
                        "strong={folder: ../fixtures/llama, lora: {rank: 2, alpha: 4, dropout: 0, targets: []}}",
                        "data.unlabelled=null"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("strong.lora: expected nothing, because a task of classes trains a head");
    }

    @Test
    void tokenizerAndModelMustFit() throws IOException {
        Path folder = copy("gpt2", "model");
        String config = Files.readString(folder.resolve("config.json"));
        Files.writeString(folder.resolve("config.json"), config.replace("\"vocab_size\": 640", "\"vocab_size\": 639"));
        refused(folder, "tokenizer.json has 640 tokens, but config.json's vocab_size is 639");
        // Rows that no token uses are usual.
        Files.writeString(folder.resolve("config.json"), config.replace("\"vocab_size\": 640", "\"vocab_size\": 704"));
        Tiny.load("weak.models.1={name: local, folder: " + folder + "}");

        Files.writeString(folder.resolve("config.json"), config.replace("\"n_positions\": 64", "\"n_positions\": 20"));
        refused(
                folder,
                "the prompt of example ",
                " and a generated one up to 16, but the model takes at most 20 in all");
        Files.writeString(folder.resolve("config.json"), config);
        Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}");
        refused(folder, "has no token that ends a sequence; name one with the key eos_token in tokenizer_config.json");
        Files.delete(folder.resolve("model.safetensors"));
        refused(folder, "has no weights");
    }

    private static void refused(Path folder, String... problems) {
        assertThatThrownBy(() -> Tiny.load("weak.models.1={name: local, folder: " + folder + "}"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(Tiny.YAML + ": weak.models.local.folder: ")
                .hasMessageContainingAll(problems);
    }

    private static Set<String> again(List<StageView> plan) {
        return plan.stream().filter(stage -> !stage.reused()).map(StageView::id).collect(Collectors.toSet());
    }

    /** "id hash" of every stage. */
    private static Set<String> hashes(String... overrides) {
        return Tiny.load(overrides).stages().stream()
                .map(stage -> stage.id() + " " + stage.hash())
                .collect(Collectors.toSet());
    }

    /** Ids, without the seed, of the stages that are in both. */
    private static Set<String> common(Set<String> one, Set<String> other) {
        return one.stream()
                .filter(other::contains)
                .map(each -> each.replaceFirst("/seed-0 .*", ""))
                .collect(Collectors.toSet());
    }

    private static Path onlyStage(Path kind, String prefix) throws IOException {
        try (Stream<Path> stages = Files.list(kind)) {
            return stages.filter(stage -> stage.getFileName().toString().startsWith(prefix))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private Path copy(String fixture, String name) throws IOException {
        Path copy = Files.createDirectory(scratch.resolve(name));
        try (Stream<Path> files = Files.list(FIXTURES.resolve(fixture))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName().toString()));
            }
        }
        return copy;
    }
}
