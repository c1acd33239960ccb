package dev.chorus.model.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.model.Decoder;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.checkpoint.SafetensorsFile;
import dev.chorus.model.checkpoint.SafetensorsWriter;
import dev.chorus.model.checkpoint.SafetensorsWriter.Item;
import dev.chorus.model.checkpoint.StoredType;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.model.weights.Adapter;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Parameters;
import dev.chorus.model.weights.Precision;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters that PEFT made, against what PEFT computed with them (adapters/README.md). */
class AdapterFolderTest {
    /** Logits of up to 20 in f32 behind two blocks, summed in other orders. */
    private static final double LOGITS = 2e-4;

    private static final String LLAMA = "llama_all_linear";
    private static final String GPT2 = "gpt2_rslora";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path scratch;

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {LLAMA, GPT2})
    void computesWhatPeftComputes(String name) throws IOException {
        JsonNode expected = expected(name);
        try (Decoder decoder = base(name)) {
            Adapter adapter = AdapterFolder.load(folder(name), decoder);
            assertThat(adapter.active()).isTrue();
            assertLike(expected, "", decoder);
            try (Adapter.Off off = adapter.off()) {
                assertLike(expected, "base_", decoder);
            }
            assertLike(expected, "", decoder);
            // Were the adapter nothing, all of the above would hold as well.
            assertThat(Math.abs(expected.at("/last_logits/0/0").asDouble()
                            - expected.at("/base_last_logits/0/0").asDouble()))
                    .isGreaterThan(0.3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {LLAMA, GPT2})
    void switchedOffTheModelIsWhatItWas(String name) throws IOException {
        int[] ids = ids(expected(name), 0);
        try (Decoder plain = base(name);
                Decoder decoder = base(name)) {
            Adapter adapter = AdapterFolder.load(folder(name), decoder);
            try (Adapter.Off off = adapter.off()) {
                assertThat(Arrays.equals(logits(decoder, ids), logits(plain, ids)))
                        .isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {LLAMA, GPT2})
    void savedAndLoadedItIsTheSame(String name) throws IOException {
        Path saved = scratch.resolve("deeper/adapter");
        try (Decoder decoder = base(name)) {
            Adapter adapter = AdapterFolder.load(folder(name), decoder);
            AdapterFolder.save(saved, decoder, "base");
            try (Decoder other = base(name)) {
                Adapter again = AdapterFolder.load(saved, other);
                assertThat(again.config()).isEqualTo(adapter.config());
                assertSameValues(again.parameters(), adapter.parameters());
            }
        }
        assertThat(listed(saved)).containsExactly("adapter_config.json", "adapter_model.safetensors");
        assertThat(listed(saved.getParent())).containsExactly("adapter");
        JsonNode written = JSON.readTree(saved.resolve("adapter_config.json").toFile());
        JsonNode peft =
                JSON.readTree(folder(name).resolve("adapter_config.json").toFile());
        for (String key : List.of(
                "peft_type",
                "task_type",
                "r",
                "lora_alpha",
                "lora_dropout",
                "use_rslora",
                "fan_in_fan_out",
                "bias",
                "target_modules",
                "inference_mode")) {
            assertThat(written.get(key)).as(key).isEqualTo(peft.get(key));
        }
        assertThat(written.get("base_model_name_or_path").asText()).isEqualTo("base");
        try (SafetensorsFile ours = SafetensorsFile.open(saved.resolve("adapter_model.safetensors"));
                SafetensorsFile theirs = SafetensorsFile.open(folder(name).resolve("adapter_model.safetensors"))) {
            assertThat(ours.entries().keySet())
                    .containsExactlyInAnyOrderElementsOf(theirs.entries().keySet());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {LLAMA, GPT2})
    void mergedItComputesTheSame(String name) throws IOException {
        JsonNode expected = expected(name);
        Path merged = Files.createDirectory(scratch.resolve("merged"));
        try (ModelFolder model = ModelFolder.open(baseFolder(name), Precision.F32)) {
            AdapterFolder.load(folder(name), model.decoder());
            ModelFolder.saveMerged(merged, model.decoder(), model.tokenizer());
        }
        try (ModelFolder model = ModelFolder.open(merged, null)) {
            assertThat(model.decoder().adapter()).isEmpty();
            assertLike(expected, "", model.decoder());
        }
    }

    /** The words that stand for modules are written out, because PEFT has no word for its default. */
    @Test
    void targetsAreWrittenOut() throws IOException {
        List<LoraConfig> configs = List.of(LoraConfig.of(2), new LoraConfig(2, 3, 0, List.of(LoraConfig.ALL), false));
        List<List<String>> targets = new ArrayList<>();
        for (LoraConfig lora : configs) {
            Path saved = scratch.resolve("adapter-" + targets.size());
            try (Decoder decoder = base(GPT2)) {
                decoder.adapt(lora, 1);
                AdapterFolder.save(saved, decoder, "gpt2");
            }
            JsonNode written =
                    JSON.readTree(saved.resolve("adapter_config.json").toFile());
            List<String> found = new ArrayList<>();
            written.get("target_modules").forEach(each -> found.add(each.asText()));
            targets.add(found);
            try (Decoder decoder = base(GPT2)) {
                assertThat(AdapterFolder.load(saved, decoder).config().scale()).isEqualTo(lora.scale());
            }
        }
        assertThat(targets).containsExactly(List.of("c_attn"), List.of("c_attn", "c_proj", "c_fc"));
    }

    @ParameterizedTest
    @EnumSource(
            value = StoredType.class,
            names = {"F16", "BF16"})
    void halvesAreConverted(StoredType type) throws IOException {
        Path halves = copy(LLAMA);
        Path file = halves.resolve("adapter_model.safetensors");
        rewrite(file, (name, tensor) -> Item.of(name, tensor.to(type.scalarType())));
        try (SafetensorsFile stored = SafetensorsFile.open(file);
                Scope scope = new Scope();
                Decoder decoder = base(LLAMA)) {
            Parameters loaded = AdapterFolder.load(halves, decoder).parameters();
            for (String name : loaded.names()) {
                float[] rounded = Tensors.toFloats(stored.mapped(name).to(Precision.F32.type()));
                assertThat(Arrays.equals(loaded.read(name), rounded)).as(name).isTrue();
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "peft_type            | '\"LOHA\"'        | peft_type \"LOHA\" is not supported; supported: \"LORA\"",
                "task_type            | '\"SEQ_CLS\"'     | task_type \"SEQ_CLS\" is not supported",
                "bias                 | '\"all\"'         | bias \"all\" is not supported; supported: \"none\"",
                "r                    | 0                 | r: expected a whole number above 0, got 0",
                "r                    | 2.5               | r: expected a whole number above 0, got 2.5",
                "lora_alpha           | -8                | lora_alpha: expected a number above 0, got -8",
                "lora_alpha           | '\"8\"'           | lora_alpha: expected a number, got \"8\"",
                "lora_dropout         | 1                 | lora_dropout: expected a number from 0 to below 1, got 1",
                "use_rslora           | 1                 | use_rslora: expected true or false, got 1",
                "use_dora             | true              | use_dora is not supported: it scales every column",
                "use_qalora           | true              | use_qalora is not supported",
                "lora_bias            | true              | lora_bias is not supported",
                "modules_to_save      | '[\"lm_head\"]'   | modules_to_save is not supported",
                "rank_pattern         | '{\"q_proj\": 8}' | rank_pattern is not supported",
                "alpha_pattern        | '{\"q_proj\": 8}' | alpha_pattern is not supported",
                "layers_to_transform  | 0                 | layers_to_transform is not supported",
                "layers_pattern       | '\"layers\"'      | layers_pattern is not supported",
                "exclude_modules      | '[\"o_proj\"]'    | exclude_modules is not supported",
                "layer_replication    | '[[0, 2]]'        | layer_replication is not supported",
                "target_parameters    | '[\"x\"]'         | target_parameters is not supported",
                "trainable_token_indices | '[1]'          | trainable_token_indices is not supported",
                "init_lora_weights    | '\"pissa\"'       | init_lora_weights 'pissa' is not supported: it changes the base",
                "target_modules       | '\".*q_proj\"'    | target_modules '.*q_proj' is a regular expression",
                "target_modules       | '[]'              | target_modules: expected a list of module names, got []",
                "target_modules       | '[\"lm_head\"]'   | target modules [lm_head] are no projections of this model's blocks",
                "wonder               | 7                 | keys [wonder] are not known",
            })
    void whatIsNotBuiltIsNamed(String key, String value, String problem) throws IOException {
        Path changed = copy(LLAMA);
        Path file = changed.resolve("adapter_config.json");
        set(file, key, value);
        refused(changed, file, problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fan_in_fan_out | true",
                "wonder         | null",
                "wonder         | false",
                "wonder         | '{}'",
                "task_type      | null",
                "init_lora_weights | '\"gaussian\"'",
                "peft_version   | '\"9.9\"'",
                "revision       | '\"main\"'",
            })
    void whatSaysNothingIsIgnored(String key, String value) throws IOException {
        Path changed = copy(LLAMA);
        set(changed.resolve("adapter_config.json"), key, value);
        try (Decoder decoder = base(LLAMA)) {
            AdapterFolder.load(changed, decoder);
            assertLike(expected(LLAMA), "", decoder);
        }
    }

    @Test
    void tensorsThatDoNotFitAreNamed() throws IOException {
        String name = "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight";
        Path ranked = copy(LLAMA);
        set(ranked.resolve("adapter_config.json"), "r", "8");
        refused(ranked, ranked.resolve("adapter_model.safetensors"), "has shape [4, 48]", "ask for [8, 48]");

        Path missing = copy(LLAMA);
        Path file = missing.resolve("adapter_model.safetensors");
        rewrite(file, (each, tensor) -> each.equals(name) ? Item.of("other", tensor) : Item.of(each, tensor));
        refused(missing, file, "missing tensors: [" + name + "], surplus: [other]");

        Path fewer = copy(LLAMA);
        set(fewer.resolve("adapter_config.json"), "target_modules", "[\"q_proj\", \"v_proj\"]");
        refused(fewer, fewer.resolve("adapter_model.safetensors"), "missing tensors: [], surplus: [base_model", name);
    }

    /** A rank that a stranger wrote is compared with the file before memory is taken for it: 2.5 GB here. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1000000     | adapter_model.safetensors | ask for [1000000, 48]",
                "2147483647  | adapter_config.json       | at most 1048576, got 2147483647",
                "99999999999 | adapter_config.json       | at most 1048576, got 99999999999",
            })
    void aRankThatTheFileDoesNotHaveTakesNoMemory(String rank, String file, String problem) throws IOException {
        Path ranked = copy(LLAMA);
        set(ranked.resolve("adapter_config.json"), "r", rank);
        long before = peak();
        refused(ranked, ranked.resolve(file), problem);
        assertThat(peak() - before).isLessThan(500L << 20);
    }

    /** The most that this process has held, in bytes; 0 where the system does not tell. */
    private static long peak() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        String line = Files.readAllLines(status).stream()
                .filter(each -> each.startsWith("VmHWM:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
    }

    @Test
    void filesThatAreNotThereAreNamed() throws IOException {
        refused(scratch, scratch.resolve("adapter_config.json"), "is not there");
        Path bare = copy(LLAMA);
        Path weights = bare.resolve("adapter_model.safetensors");
        Files.delete(weights);
        refused(bare, weights, "is not there");
        Files.writeString(bare.resolve("adapter_model.bin"), "pickle");
        refused(bare, bare.resolve("adapter_model.bin"), "is a pickle", "safe_serialization=True");
        Files.writeString(bare.resolve("adapter_config.json"), "{\"r\": 1, \"r\": 2}");
        refused(bare, bare.resolve("adapter_config.json"), "is not JSON: Duplicate field 'r'");
    }

    @Test
    void nothingIsOverwrittenOrLeftHalfDone() throws IOException {
        Path taken = Files.createDirectory(scratch.resolve("taken"));
        Files.writeString(taken.resolve("mine"), "mine");
        Path empty = Files.createDirectory(scratch.resolve("empty"));
        // As if a process had been killed.
        Path left = Files.createDirectory(scratch.resolve(".unfinished-empty"));
        Files.writeString(left.resolve("adapter_model.safetensors"), "half");
        try (Decoder decoder = base(LLAMA)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> AdapterFolder.save(empty, decoder, "llama"))
                    .withMessage("this decoder has no adapter to be saved");
            decoder.adapt(LoraConfig.of(2), 1);
            assertThatExceptionOfType(FileAlreadyExistsException.class)
                    .isThrownBy(() -> AdapterFolder.save(taken, decoder, "llama"));
            AdapterFolder.save(empty, decoder, "llama");
            assertThatIllegalStateException()
                    .isThrownBy(() -> AdapterFolder.load(empty, decoder))
                    .withMessage("this decoder has an adapter already");
        }
        assertThat(listed(taken)).containsExactly("mine");
        assertThat(listed(scratch)).containsExactly("empty", "taken");
        assertThat(listed(empty)).hasSize(2);
        try (ModelFolder trained = ModelFolder.load(baseFolder(LLAMA))) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> AdapterFolder.load(empty, trained.decoder()))
                    .withMessageContaining("open the folder frozen");
        }
    }

    /** Phi-3's names keep Llama's separate projections beside its own joined ones; only the latter are there. */
    @Test
    void allProjectionsAreThoseOfTheModel() throws IOException {
        Path folder = Files.createDirectory(scratch.resolve("phi3"));
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "phi3", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
                 "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 5, "max_position_embeddings": 16,
                 "sliding_window": null}
                """);
        LoraConfig all = new LoraConfig(1, 1, 0, List.of(LoraConfig.ALL), false);
        try (Adapter adapter = Adapter.blank(ModelConfig.read(folder), all)) {
            assertThat(adapter.targets()).containsExactly("qkv_proj", "o_proj", "gate_up_proj", "down_proj");
        }
    }

    private static void refused(Path folder, Path file, String... problems) throws IOException {
        try (Decoder decoder = base(LLAMA)) {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> AdapterFolder.load(folder, decoder))
                    .withMessageStartingWith(file + ": ")
                    .withMessageContainingAll(problems);
            assertThat(decoder.adapter()).isEmpty();
        }
    }

    private static void assertLike(JsonNode expected, String prefix, Decoder decoder) {
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < expected.get("input_ids").size(); i++) {
            int[] ids = ids(expected, i);
            sequences.add(new Sequence(ids, 1));
            assertNear(expected.get(prefix + "last_logits").get(i), doubles(logits(decoder, ids)));
        }
        double[][] logps = SequenceScorer.tokenLogps(decoder, sequences, 1000);
        for (int i = 0; i < logps.length; i++) {
            JsonNode wanted = expected.get(prefix + "token_logprobs").get(i);
            assertThat(logps[i]).hasSize(wanted.size());
            assertNear(wanted, logps[i]);
        }
    }

    private static void assertNear(JsonNode wanted, double[] found) {
        assertThat(wanted.size()).isPositive();
        for (int j = 0; j < wanted.size(); j++) {
            assertThat(found[j]).isCloseTo(wanted.get(j).asDouble(), within(LOGITS));
        }
    }

    /** Logits behind the last token. */
    private static float[] logits(Decoder decoder, int[] ids) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            return Tensors.toFloats(
                    decoder.logits(decoder.hidden(FlatBatch.of(List.of(ids))), new long[] {ids.length - 1L}));
        }
    }

    private static double[] doubles(float[] values) {
        double[] out = new double[values.length];
        Arrays.setAll(out, i -> values[i]);
        return out;
    }

    private static int[] ids(JsonNode expected, int i) {
        JsonNode row = expected.get("input_ids").get(i);
        int[] ids = new int[row.size()];
        Arrays.setAll(ids, t -> row.get(t).asInt());
        return ids;
    }

    private static void assertSameValues(Parameters found, Parameters wanted) {
        assertThat(found.names()).containsExactlyInAnyOrderElementsOf(wanted.names());
        for (String name : wanted.names()) {
            assertThat(Arrays.equals(found.read(name), wanted.read(name)))
                    .as(name)
                    .isTrue();
        }
    }

    private interface Rewriting {
        Item of(String name, Tensor tensor);
    }

    private static void rewrite(Path file, Rewriting rewriting) throws IOException {
        try (SafetensorsFile stored = SafetensorsFile.open(file);
                Scope scope = new Scope()) {
            List<Item> items = new ArrayList<>();
            for (String name : stored.entries().keySet()) {
                items.add(rewriting.of(name, stored.mapped(name)));
            }
            Files.delete(file);
            SafetensorsWriter.write(file, items);
        }
    }

    private static void set(Path file, String key, String value) throws IOException {
        ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
        json.set(key, JSON.readTree(value));
        JSON.writeValue(file.toFile(), json);
    }

    private Path copy(String name) throws IOException {
        Path copy = Files.createTempDirectory(scratch, "copy");
        for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
            Files.copy(folder(name).resolve(file), copy.resolve(file));
        }
        return copy;
    }

    private static List<String> listed(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static JsonNode expected(String name) throws IOException {
        return JSON.readTree(folder(name).resolve("expected.json").toFile());
    }

    private static Decoder base(String name) throws IOException {
        return ModelFolder.openDecoder(baseFolder(name), Precision.F32);
    }

    private static Path baseFolder(String name) throws IOException {
        return resource("/fixtures/" + expected(name).get("base").asText());
    }

    private static Path folder(String name) {
        return resource("/adapters/" + name);
    }

    private static Path resource(String name) {
        try {
            return Path.of(AdapterFolderTest.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
