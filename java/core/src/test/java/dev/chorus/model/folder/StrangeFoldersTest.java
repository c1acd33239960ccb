package dev.chorus.model.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.model.Decoder;
import dev.chorus.model.TinyConfigs;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.checkpoint.CheckpointLoader;
import dev.chorus.model.checkpoint.SafetensorsWriter;
import dev.chorus.model.checkpoint.TensorStore;
import dev.chorus.model.checkpoint.WeightScan;
import dev.chorus.model.family.ConfigProblem;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What people's folders really look like: read where that is plain, and otherwise the message names the cure. */
class StrangeFoldersTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ModelConfig CONFIG = TinyConfigs.LLAMA.config();

    @TempDir
    private Path folder;

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @BeforeEach
    void config() throws IOException {
        CONFIG.write(folder, "float32");
    }

    @ParameterizedTest
    @EnumSource
    void namesThatTrainingHasWrappedAreRead(TinyConfigs tiny) throws IOException {
        tiny.config().write(folder, "float32");
        List<UnaryOperator<String>> wrappers = List.of(
                name -> "_orig_mod." + name,
                name -> "module." + name,
                name -> "module._orig_mod." + name,
                name -> name.replace("layers.0.", "layers.0._orig_mod._checkpoint_wrapped_module."),
                name -> "_fsdp_wrapped_module." + name);
        try (Decoder decoder = TinyDecoders.random(tiny.config(), 5)) {
            for (UnaryOperator<String> wrapper : wrappers) {
                Files.deleteIfExists(folder.resolve("model.safetensors"));
                write(decoder, tiny.config(), wrapper);
                try (Decoder read = ModelFolder.openDecoder(folder, Precision.F32)) {
                    assertThat(scores(read)).isDeepEqualTo(scores(decoder));
                }
            }
        }
    }

    @Test
    void anUnknownPrefixAndAnAdapterAroundTheModelHaveACure() throws IOException {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 5)) {
            write(decoder, CONFIG, name -> "net.inner." + name);
            refused("every name begins with 'net.inner.': write the tensors again without it");
            Files.delete(folder.resolve("model.safetensors"));
            write(decoder, CONFIG, name -> "base_model.model." + name);
            refused("was saved with a PEFT adapter around the model", "merge_and_unload()");
        }
    }

    @Test
    void oneTensorUnderTwoNamesIsRefused() throws IOException {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 5)) {
            write(decoder, CONFIG, name -> name, "module.lm_head.weight");
            refused("'lm_head.weight' and 'module.lm_head.weight', which are one tensor's names");
        }
    }

    @Test
    void aValueHeadAndPositionIdsAreLeftOutAndSaid() throws IOException {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 5)) {
            write(decoder, CONFIG, name -> name, "v_head.summary.weight", "model.embeddings.position_ids");
            try (Decoder read = ModelFolder.openDecoder(folder, Precision.F32);
                    TensorStore store = TensorStore.open(folder)) {
                assertThat(scores(read)).isDeepEqualTo(scores(decoder));
                assertThat(CheckpointLoader.check(store, CONFIG))
                        .containsExactly(
                                "tensors [model.embeddings.position_ids, v_head.summary.weight] are no weights of "
                                        + "this model and are left out");
            }
        }
    }

    @Test
    void doublesAreRoundedAndSaid() throws IOException {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 5)) {
            writeDoubles(decoder);
            try (Decoder frozen = ModelFolder.openDecoder(folder, null);
                    TensorStore store = TensorStore.open(folder)) {
                assertThat(frozen.precision()).isEqualTo(Precision.F32);
                assertThat(scores(frozen)).isDeepEqualTo(scores(decoder));
                assertThat(CheckpointLoader.check(store, CONFIG))
                        .containsExactly("weights in float64 are rounded to float32");
                assertThat(WeightScan.of(store, Long.MAX_VALUE).damaged()).isEmpty();
            }
        }
    }

    /** The number of layers is compared with the file before a list of their names is made. */
    @ParameterizedTest
    @CsvSource({
        "2147483647, 'num_hidden_layers: expected at most 10000, got 2147483647'",
        "99999999999, 'num_hidden_layers: expected at most 10000, got 99999999999'",
        "10000, 'which asks for 10000 layers, the weights hold 2'",
        "3, 'which asks for 3 layers, the weights hold 2; missing tensors: [model.layers.2.'",
        "1, 'which asks for 1 layer, the weights hold 2; missing tensors: [], surplus: [model.layers.1.'",
    })
    void layersAreComparedWithTheWeights(long layers, String problem) throws IOException {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 5)) {
            write(decoder, CONFIG, name -> name);
        }
        edit("num_hidden_layers", layers);
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20), () -> assertThatThrownBy(() -> ModelFolder.openDecoder(folder, null))
                        .isInstanceOfAny(ConfigProblem.class, CheckpointException.class)
                        .hasMessageContaining(problem)
                        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(1500)));
    }

    /** Every size at its largest: refused by the config's bounds, or compared with a tensor, and nothing allocated. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "hidden_size",
                "num_attention_heads",
                "num_key_value_heads",
                "intermediate_size",
                "vocab_size",
                "head_dim",
                "max_position_embeddings"
            })
    void aSizeThatNoWeightsHaveIsRefused(String key) throws IOException {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 5)) {
            write(decoder, CONFIG, name -> name);
        }
        for (long size : new long[] {1 << 20, 1 << 28, Integer.MAX_VALUE}) {
            edit(key, size);
            if (key.equals("max_position_embeddings") && size <= 1 << 28) {
                // No table has this length: the model only was not made for as many.
                ModelFolder.openDecoder(folder, null).close();
                continue;
            }
            Assertions.assertTimeoutPreemptively(
                    Duration.ofSeconds(20), () -> assertThatThrownBy(() -> ModelFolder.openDecoder(folder, null))
                            .isInstanceOfAny(ConfigProblem.class, CheckpointException.class));
        }
    }

    @Test
    void whatIsNoModelFolderSaysWhatItIs() throws IOException {
        Path bare = Files.createDirectory(folder.resolve("bare"));
        notAModel(folder.resolve("nowhere"), "no such folder");
        notAModel(Path.of("org/name"), "hf download org/name --local-dir DIR");
        notAModel(bare, "a model folder has a config.json");
        Path gguf = Files.writeString(bare.resolve("model.Q4.gguf"), "GGUF");
        notAModel(gguf, "is a file, expected a model's folder; llama.cpp's format is not read");
        notAModel(bare, "[model.Q4.gguf], llama.cpp's format");
        Files.delete(gguf);
        notAModel(Files.writeString(bare.resolve("model.safetensors"), "x"), "name the folder that it lies in");
        Files.createDirectory(bare.resolve("checkpoint-100"));
        Files.writeString(bare.resolve("checkpoint-100/config.json"), "{}");
        notAModel(bare, "inside the folder have one: [checkpoint-100]");
        Files.writeString(bare.resolve("params.json"), "{}");
        notAModel(bare, "params.json");
        Files.writeString(bare.resolve("adapter_config.json"), "{}");
        notAModel(bare, "holds a PEFT adapter: name the base model's folder as the model (--model;");
        Files.writeString(bare.resolve("config.json"), "{\"model_type\": \"gpt2\", \"model_type\": \"opt\"}");
        notAModel(bare, "Duplicate field 'model_type'");
    }

    @Test
    void weightsInOtherFormsHaveACure() throws IOException {
        refused("has no weights: looked for model.safetensors");
        Files.writeString(folder.resolve("adapter_model.safetensors"), "x");
        refused("holds a PEFT adapter and no model");
        Files.writeString(folder.resolve("m.gguf"), "GGUF");
        refused("has its weights in 'm.gguf', llama.cpp's format");
        Files.writeString(folder.resolve("pytorch_model.bin"), "PK");
        refused("a pickle", "save_pretrained");
        Path weights = folder.resolve("model.safetensors");
        Files.writeString(weights, "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n");
        refused(weights + ": is a Git LFS pointer", "git lfs pull");
        Files.delete(weights);
        Files.createSymbolicLink(weights, Path.of("../../blobs/ab"));
        refused(weights + ": is a link to '../../blobs/ab', which is not there");
        Files.delete(weights);
        try (RandomAccessFile sparse = new RandomAccessFile(weights.toFile(), "rw")) {
            sparse.setLength(1L << 40);
        }
        refused("the header");
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void pipesAndDevicesAreNotWaitedFor() throws Exception {
        for (String name :
                List.of("model.safetensors", "model.safetensors.index.json", "generation_config.json", "config.json")) {
            Path file = folder.resolve(name);
            Files.deleteIfExists(file);
            assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor())
                    .isZero();
            special(name, "a pipe");
            Files.delete(file);
            Files.createSymbolicLink(file, Path.of("/dev/zero"));
            special(name, "a character device");
            Files.delete(file);
            CONFIG.write(folder, "float32");
        }
    }

    private void special(String name, String problem) {
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20), () -> assertThatThrownBy(() -> ModelFolder.openDecoder(folder, null))
                        .isInstanceOfAny(ConfigProblem.class, CheckpointException.class)
                        .hasMessageContaining(folder.resolve(name) + ": is " + problem + ", expected a regular file"));
    }

    @Test
    void aDownloadCacheIsOpenedAtItsMainBranch() throws IOException {
        Path cache = folder.resolve("models--org--name");
        Path snapshot = Files.createDirectories(cache.resolve("snapshots/0123abc"));
        Files.createDirectories(cache.resolve("refs"));
        Files.writeString(cache.resolve("refs/main"), "0123abc");
        try (Decoder decoder = TinyDecoders.random(CONFIG, 5)) {
            write(decoder, CONFIG, name -> name);
            for (String name : List.of("config.json", "model.safetensors")) {
                Files.move(folder.resolve(name), snapshot.resolve(name));
            }
            try (Decoder read = ModelFolder.openDecoder(cache, Precision.F32)) {
                assertThat(scores(read)).isDeepEqualTo(scores(decoder));
            }
        }
    }

    @Test
    void damagedTensorsAreNamedSmallestFirst() throws IOException {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 5)) {
            for (String name : List.of("model.norm.weight", "lm_head.weight")) {
                float[] values = decoder.parameters().read(name);
                values[values.length - 1] = name.startsWith("lm") ? Float.NEGATIVE_INFINITY : Float.NaN;
                decoder.parameters().write(name, values);
            }
            write(decoder, CONFIG, name -> name);
            try (TensorStore store = TensorStore.open(folder)) {
                assertThat(WeightScan.of(store, Long.MAX_VALUE).damaged())
                        .containsExactly("model.norm.weight", "lm_head.weight");
                WeightScan part =
                        WeightScan.of(store, store.entry("lm_head.weight").bytes());
                assertThat(part.whole()).isFalse();
                assertThat(part.bytes())
                        .isLessThanOrEqualTo(store.entry("lm_head.weight").bytes());
                assertThat(part.damaged()).containsExactly("model.norm.weight");
            }
        }
    }

    private void notAModel(Path path, String problem) {
        assertThatThrownBy(() -> ModelConfig.read(path))
                .isInstanceOf(ConfigProblem.class)
                .hasMessageContaining(path.toString())
                .hasMessageContaining(problem);
    }

    private void refused(String... problems) {
        assertThatThrownBy(() -> ModelFolder.openDecoder(folder, null))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContainingAll(problems);
    }

    private void edit(String key, long value) throws IOException {
        Path file = folder.resolve("config.json");
        CONFIG.write(folder, "float32");
        ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
        Files.writeString(file, json.put(key, value).toString());
    }

    private void write(Decoder decoder, ModelConfig config, UnaryOperator<String> names, String... more)
            throws IOException {
        List<SafetensorsWriter.Item> items = new ArrayList<>();
        for (TensorSpec spec : TensorPlan.of(config)) {
            items.add(SafetensorsWriter.Item.of(
                    names.apply(spec.name()), decoder.weights().get(spec.name())));
        }
        try (Scope scope = new Scope()) {
            for (String name : more) {
                items.add(SafetensorsWriter.Item.of(name, Tensors.zeros(3)));
            }
            SafetensorsWriter.writeFolder(folder, items);
        }
    }

    /** Byte by byte, as nothing here writes doubles; each is a little off its float, which rounding takes back. */
    private void writeDoubles(Decoder decoder) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        List<double[]> all = new ArrayList<>();
        long at = 0;
        for (TensorSpec spec : TensorPlan.of(CONFIG)) {
            float[] values = decoder.parameters().read(spec.name());
            double[] wide = new double[values.length];
            for (int i = 0; i < wide.length; i++) {
                wide[i] = values[i] * (1 + 1e-12);
            }
            all.add(wide);
            ObjectNode entry = header.putObject(spec.name()).put("dtype", "F64");
            for (long size : spec.shape()) {
                entry.withArray("shape").add(size);
            }
            entry.putArray("data_offsets").add(at).add(at + 8L * wide.length);
            at += 8L * wide.length;
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer file =
                ByteBuffer.allocate(Math.toIntExact(8 + text.length + at)).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(text.length).put(text);
        all.forEach(values -> {
            for (double value : values) {
                file.putDouble(value);
            }
        });
        Files.write(folder.resolve("model.safetensors"), file.array());
    }

    private static double[][] scores(Decoder decoder) {
        List<Sequence> sequences = TinyDecoders.sequences(TinyConfigs.VOCABULARY, 3, 9, 4).stream()
                .map(tokens -> new Sequence(tokens, 1))
                .toList();
        double[][] scores = SequenceScorer.tokenLogps(decoder, sequences, 64);
        assertThat(scores[0][0]).isNotCloseTo(0, within(1e-9));
        return scores;
    }
}
