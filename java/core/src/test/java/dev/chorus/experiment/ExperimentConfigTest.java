package dev.chorus.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.config.ConfigException;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.DataSource;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.stage.Hashes;
import dev.chorus.supervise.Bayesian;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExperimentConfigTest {
    @TempDir
    private Path folder;

    static Stream<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("../../examples"))) {
            List<Path> all = files.filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
            assertThat(all).isNotEmpty();
            return all.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyExampleBindsAndItsFilesExist(Path file) {
        ExperimentConfig config = ConfigReader.bind(
                file, ConfigReader.tree(file, List.of()), ExperimentConfig.class, Catalog.STANDARD.extensions());

        assertThat(file.getFileName()).hasToString(config.name() + ".yaml");
        List<String> references = new ArrayList<>(List.of(
                config.data().pool(), config.data().devel(), config.data().test()));
        references.add(config.data().unlabelled());
        references.add(config.strong().tokenizer());
        List<String> folders = new ArrayList<>();
        folders.add(config.strong().folder());
        config.weak().models().forEach(model -> {
            references.add(model.tokenizer());
            folders.add(model.folder());
        });
        for (String reference : references.stream().filter(Objects::nonNull).toList()) {
            assertThatCode(() -> DataSource.open(reference, file.getParent())).doesNotThrowAnyException();
        }
        for (String folder : folders.stream().filter(Objects::nonNull).toList()) {
            assertThat(file.resolveSibling(folder).resolve("config.json")).exists();
        }
    }

    @Test
    void theTinyConfigurationBindsWithEveryValue() {
        ExperimentConfig config = bind(Tiny.YAML);

        assertThat(config.seeds()).containsExactly(0L, 1L);
        assertThat(config.weak().models().get(1).heads()).isEqualTo(2);
        assertThat(((Bayesian.Options) config.tasks().get("scenario").options().get("bayesian")).evidence())
                .isEqualTo(Evidence.EXP);
        assertThat(slots(config).dpo().train().learningRate()).isEqualTo(1e-3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: tiny           | sedes: [1]\\nname: tiny       | unknown key 'sedes'; known here: data, name, scenario, seeds, slots, strong, weak; did you mean 'seeds'?",
                "gold: 16             | gold: 16\\n    golden: 3        | unknown key 'weak.scenario.golden'; known here: gold, train",
                "clip: 1.0            | klip: 1.0                        | unknown key 'weak.scenario.train.klip'",
                "name: small          | name: small, depth: 3            | unknown key 'weak.models[0].depth'; known here: folder, heads, layers, name, tokenizer, width",
            })
    void anUnknownKeyIsNamedInFullWithTheKnownOnes(String from, String to, String problem) throws IOException {
        refused(from, to, problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: tiny                       | # no name          | key 'name' is missing",
                "seeds: [0, 1]                    | # no seeds         | key 'seeds' is missing",
                "seeds: [0, 1]                    | seeds: ~           | key 'seeds' is missing",
                "seeds: [0, 1]                    | 'seeds: [0, null]' | key 'seeds[1]' is missing",
                "  pool: pool.jsonl               | '  # no pool'      | key 'data.pool' is missing",
                "  devel_size: 10                 | '  # no size'      | key 'data.devel_size' is missing",
                "name: small,                     | ''                 | key 'weak.models[0].name' is missing",
                "'layers: 1, width: 8, heads: 1'  | 'layers: 1, width: 8' | key 'weak.models[0].heads' is missing",
                "'train: {epochs: 8, '            | 'train: {'         | key 'weak.scenario.train.epochs' is missing",
                "  students: [best, naive]        | '  # none'         | key 'slots.students' is missing",
                "'evidence: exp, '                | ''                 | key 'scenario.bayesian.evidence' is missing",
            })
    void aMissingKeyIsNamedInFull(String from, String to, String problem) throws IOException {
        refused(from, to, problem);
    }

    @ParameterizedTest
    @ValueSource(strings = {"data", "weak", "strong"})
    void aMissingGroupIsNamed(String group) throws IOException {
        JsonNode tree = ConfigReader.tree(Tiny.YAML, List.of());
        ((com.fasterxml.jackson.databind.node.ObjectNode) tree).remove(group);

        assertThatThrownBy(
                        () -> ConfigReader.bind(Tiny.YAML, tree, ExperimentConfig.class, Catalog.STANDARD.extensions()))
                .isInstanceOf(ConfigException.class)
                .hasMessage(Tiny.YAML + ": key '" + group + "' is missing");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gold: 24          | gold: many          | data.gold: expected a whole number, got \"many\"",
                "gold: 24          | gold: 1.5           | data.gold: expected a whole number, got 1.5",
                "gold: 24          | gold: \"24\"        | data.gold: expected a whole number, got \"24\"",
                "gold: 24          | 'gold: [24]'        | data.gold: expected a whole number, got a list",
                "gold: 24          | gold: true          | data.gold: expected a whole number, got true",
                "gold: 24          | gold: 3000000000    | data.gold: expected a whole number",
                "name: tiny        | 'name: [tiny]'      | name: expected text, got a list",
                "name: tiny        | 'name: {a: b}'      | name: expected text, got a group of keys",
                "'seeds: [0, 1]'   | 'seeds: 0'          | seeds: expected a list, got 0",
                "'seeds: [0, 1]'   | 'seeds: [0, x]'     | seeds[1]: expected a whole number, got \"x\"",
                "'seeds: [0, 1]'   | 'seeds: [0, 1.5]'   | seeds[1]: expected a whole number, got 1.5",
                "echo: 0.5         | echo: half          | strong.pretrain.echo: expected a number, got \"half\"",
                "'students: [best, naive, bayesian]' | students: best | scenario.students: expected a list, got \"best\"",
                "'bayesian: {evidence: exp, kl_weight: 0.001}' | bayesian: exp | scenario.bayesian: expected a group of keys, got \"exp\"",
                "evidence: exp     | evidence: tanh      | scenario.bayesian.evidence: expected one of exp, relu, softplus, got \"tanh\"",
                "evidence: exp     | evidence: 1         | scenario.bayesian.evidence: expected one of exp, relu, softplus, got 1",
            })
    void aWrongTypeIsNamedWithWhatWouldBeRight(String from, String to, String problem) throws IOException {
        refused(from, to, problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: tiny     | name: a b          | name: expected letters, digits",
                "name: tiny     | name: ../x         | name: expected letters, digits",
                "name: tiny     | name: ..           | name: expected letters, digits",
                "'seeds: [0, 1]' | 'seeds: []'       | seeds: expected at least one",
                "'seeds: [0, 1]' | 'seeds: [3, 3]'   | seeds: expected no seed twice",
                "gold: 24       | gold: 0            | data.gold: expected 1 or more, got 0",
                "weak: 24       | weak: -1           | data.weak: expected 1 or more, got -1",
                "devel_size: 10 | devel_size: 0      | data.devel_size: expected 1 or more, got 0",
                "name: wide     | name: small        | weak.models: expected names that differ, got small",
                "name: wide     | name: a/b          | weak.models.name: expected letters",
                "'width: 16, heads: 2}' | 'width: 16, heads: 3}' | weak.models.wide.width: expected a multiple of heads 3, got 16",
                "'width: 16, heads: 2}' | 'width: 16, heads: 0}' | weak.models[1].heads: expected from 1 to 1024, got 0",
                "echo: 0.5      | echo: 1.5          | strong.pretrain.echo: expected from 0 to 1, got 1.5",
                "gold: 16       | gold: 25           | weak.scenario.gold: expected 1 to data.gold (24), got 25",
                "'[best, naive, bayesian]' | '[best, jont]' | scenario.students: there is no supervision 'jont'; there are best, naive, bayesian",
                "'[best, naive, bayesian]' | '[best, best]'  | scenario.students: expected none twice",
                "kl_weight: 0.001 | kl_weight: -1    | scenario.bayesian.kl_weight: expected 0 or more, got -1",
                "beams: 2       | beams: 0           | slots.beams: expected from 1 to 64, got 0",
                "max_tokens: 16 | max_tokens: 128    | slots.max_tokens: expected from 1 to 127, got 128",
                "candidates: 3  | candidates: 1      | slots.dpo.candidates: expected from 2 to 64, got 1",
                "beta: 0.5      | beta: 0            | slots.dpo.beta: expected above 0, got 0",
                "epsilon: 0.1   | epsilon: 0.5       | slots.dpo.epsilon: expected 0 to below 0.5, got 0.5",
                "'[best, naive]' | '[best]'          | slots.dpo: expected naive among slots.students",
                "epochs: 8      | epochs: 0          | weak.scenario.train.epochs: expected 1 or more, got 0",
                "batch: 8       | batch: -8          | weak.scenario.train.batch: expected 1 or more, got -8",
                "'learning_rate: 1.0e-3, weight_decay: 0' | 'learning_rate: 0, weight_decay: 0' | slots.dpo.train.learning_rate: expected above 0 and below 10, got 0",
                "warmup: 0.1    | warmup: 2          | weak.scenario.train.warmup: expected from 0 to 1, got 2",
            })
    void aValueOutOfRangeNamesItsKey(String from, String to, String problem) throws IOException {
        refused(from, to, problem);
    }

    @Test
    void bothTasksMayNotBeLeftOut() {
        assertThatThrownBy(() -> Tiny.load("scenario=null", "slots=null"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("scenario, slots: expected at least one of the tasks");
        assertThat(bind(Tiny.YAML, "scenario=null", "weak.scenario=null").tasks())
                .containsOnlyKeys("slots");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: tiny     | name: tiny\\nname: again | :3: not readable as YAML: Duplicate field 'name'",
                "beams: 2       | beams: 2\\n  beams: 3    | Duplicate field 'beams'",
                "beams: 2       | beams: [2                | : not readable as YAML: ",
                "name: tiny     | name: 'tiny             | : not readable as YAML: ",
                "beams: 2       | \\tbeams: 2              | : not readable as YAML: ",
            })
    void whatIsNoYamlIsNamedWithItsLine(String from, String to, String problem) throws IOException {
        Path file = changed(from, to);
        assertThatThrownBy(() -> bind(file))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(file + ":")
                .hasMessageMatching("(?s).*\\.yaml:[1-9][0-9]*: .*")
                .hasMessageContaining(problem)
                .message()
                .hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing\n", "[1, 2]\n", "text\n"})
    void aFileWithoutKeysIsRefused(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("empty.yaml"), text);
        assertThatThrownBy(() -> bind(file))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(file + ": expected keys and values");
    }

    @Test
    void aFileThatCannotBeReadIsNamed() throws IOException {
        Path none = folder.resolve("none.yaml");
        assertThatThrownBy(() -> bind(none))
                .isInstanceOf(ConfigException.class)
                .hasMessage(none + ": cannot be read: no such file; the examples are in examples/");
        assertThatThrownBy(() -> bind(folder))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(folder + ": cannot be read: ");
        Path latin = Files.write(folder.resolve("latin.yaml"), new byte[] {'a', ':', ' ', (byte) 0xe9, '\n'});
        assertThatThrownBy(() -> bind(latin))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(latin + ": cannot be read: ")
                .hasMessageContaining("UTF-8");
    }

    @Test
    @Timeout(60)
    void aPipeADeviceOrAGiantIsRefusedByNameAndNotRead() throws Exception {
        Path pipe = folder.resolve("pipe.yaml");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> bind(pipe))
                .isInstanceOf(ConfigException.class)
                .hasMessage(pipe + ": cannot be read: is a pipe; expected a regular file");
        assertThatThrownBy(() -> bind(Path.of("/dev/zero")))
                .isInstanceOf(ConfigException.class)
                .hasMessage("/dev/zero: cannot be read: is a character device; expected a regular file");
        Path giant = folder.resolve("giant.yaml");
        try (RandomAccessFile file = new RandomAccessFile(giant.toFile(), "rw")) {
            file.setLength(1L << 40);
        }
        assertThatThrownBy(() -> bind(giant))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(giant + ": cannot be read: has 1099511627776 bytes");
    }

    @Test
    void overridesReplaceAndAdd() {
        ExperimentConfig config = bind(
                Tiny.YAML,
                "data.weak=7",
                "seeds=[4, 5, 6]",
                "seeds.1=9",
                "weak.models.1.width=32",
                "weak.models.0.name=first",
                "slots.dpo=null",
                "scenario.train.clip=0",
                "data.pool=a=b.jsonl");

        assertThat(config.data().weak()).isEqualTo(7);
        assertThat(config.seeds()).containsExactly(4L, 9L, 6L);
        assertThat(config.weak().models().get(1).width()).isEqualTo(32);
        assertThat(config.weak().models().get(0).name()).isEqualTo("first");
        assertThat(slots(config).dpo()).isNull();
        assertThat(config.tasks().get("scenario").train().clip()).isZero();
        assertThat(config.data().pool()).isEqualTo("a=b.jsonl");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "data.weak             | expected key=value, such as data.weak=500",
                "=5                    | expected key=value, such as data.weak=500",
                "date.weak=5           | there is no group 'date' in the configuration; there are name, seeds, data",
                "data.weak.x=5         | there is no group 'weak'",
                "data.pol=x            | unknown key 'data.pol'",
                "weak.models.2.width=8 | '2': expected a place from 0 to 1",
                "weak.models.x.width=8 | 'x': expected a place from 0 to 1",
                "seeds.2=8             | '2': expected a place from 0 to 1",
                "seeds=[1,             | the value is not YAML",
                "data.weak=            | data.weak",
                "weak.scenario.train.epochs=0 | weak.scenario.train.epochs: expected 1 or more, got 0",
            })
    void aWrongOverrideIsRefused(String override, String problem) {
        assertThatThrownBy(() -> bind(Tiny.YAML, override))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(problem)
                .message()
                .hasLineCount(1);
    }

    @Test
    void aHashDependsOnTheContentAloneNotOnTheOrder() throws IOException {
        ObjectMapper json = new ObjectMapper();
        String one = Hashes.of(json.readTree("{\"a\": 1, \"b\": {\"c\": [1, 2], \"d\": \"x\"}}"));

        assertThat(one).hasSize(64);
        assertThat(Hashes.of(json.readTree("{\"b\": {\"d\": \"x\", \"c\": [1, 2]}, \"a\": 1}")))
                .isEqualTo(one);
        for (String other : List.of(
                "{\"a\": 2, \"b\": {\"c\": [1, 2], \"d\": \"x\"}}",
                "{\"a\": 1, \"b\": {\"c\": [2, 1], \"d\": \"x\"}}",
                "{\"a\": 1, \"b\": {\"c\": [1, 2], \"e\": \"x\"}}",
                "{\"a\": 1, \"b\": {\"c\": [1, 2]}, \"d\": \"x\"}",
                "{\"a\": \"1\", \"b\": {\"c\": [1, 2], \"d\": \"x\"}}")) {
            assertThat(Hashes.of(json.readTree(other))).as(other).isNotEqualTo(one);
        }
        Path file = Files.writeString(folder.resolve("abc"), "abc");
        // FIPS 180-4, the first example.
        assertThat(Hashes.of(file)).isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    @Test
    void theConfigurationsHashIgnoresTheOrderOfItsKeys() throws IOException {
        Path swapped = changed("layers: 1, width: 8, heads: 1", "heads: 1, width: 8, layers: 1");
        String one = Hashes.of(ConfigReader.canonical(bind(Tiny.YAML)));

        assertThat(Hashes.of(ConfigReader.canonical(bind(swapped)))).isEqualTo(one);
        assertThat(Hashes.of(ConfigReader.canonical(bind(Tiny.YAML, "slots.beams=3"))))
                .isNotEqualTo(one);
    }

    private static ExperimentConfig.TextTask slots(ExperimentConfig config) {
        return (ExperimentConfig.TextTask) config.tasks().get("slots");
    }

    /** Shape, values and names: what is wrong is found before any file of data is looked for. */
    private void refused(String from, String to, String problem) throws IOException {
        Path file = changed(from, to);
        assertThatThrownBy(() -> Experiment.load(file, List.of(), OptionalInt.empty()))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(file + ": " + problem)
                .message()
                .hasLineCount(1);
    }

    /** The tiny configuration with the first occurrence of a text replaced. */
    private Path changed(String from, String to) throws IOException {
        String text = Files.readString(Tiny.YAML);
        assertThat(text).contains(from);
        int at = text.indexOf(from);
        String replacement = to.replace("\\n", "\n").replace("\\t", "\t");
        return Files.writeString(
                folder.resolve("changed.yaml"),
                text.substring(0, at) + replacement + text.substring(at + from.length()));
    }

    private static ExperimentConfig bind(Path file, String... overrides) {
        return ConfigReader.bind(
                file,
                ConfigReader.tree(file, List.of(overrides)),
                ExperimentConfig.class,
                Catalog.STANDARD.extensions());
    }
}
