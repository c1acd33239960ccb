package dev.chorus.model.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.model.Decoder;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.checkpoint.SafetensorsFile;
import dev.chorus.model.checkpoint.SafetensorsWriter;
import dev.chorus.model.checkpoint.TensorStore;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.text.BuiltInTokenizers;
import dev.chorus.text.Tokenizer;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFolderTest {
    private static final ModelConfig CONFIG = ModelConfig.gpt2(900, 8, 1, 2, 16);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"0", "3"})
    void loadsTheSameBits(int labels) throws IOException {
        FlatBatch batch = FlatBatch.of(TinyDecoders.sequences(900, 1, 3, 9));
        try (Decoder decoder = TinyDecoders.random(CONFIG.withLabels(labels), 5);
                Tokenizer tokenizer = BuiltInTokenizers.open("byte-bpe-900")) {
            ModelFolder.save(folder, decoder, tokenizer);
            try (ModelFolder loaded = ModelFolder.load(folder);
                    Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                assertThat(loaded.decoder().architecture()).isEqualTo(decoder.architecture());
                assertThat(Arrays.equals(
                                Tensors.toFloats(loaded.decoder().parameters().values()),
                                Tensors.toFloats(decoder.parameters().values())))
                        .isTrue();
                assertThat(Arrays.equals(logits(loaded.decoder(), batch), logits(decoder, batch)))
                        .isTrue();
                assertThat(loaded.tokenizer().json()).isEqualTo(tokenizer.json());
            }
        }
    }

    @Test
    void namesAreThoseOfHuggingFace() throws IOException {
        save();
        assertThat(names())
                .containsExactlyInAnyOrder(
                        "transformer.wte.weight",
                        "transformer.wpe.weight",
                        "transformer.h.0.ln_1.weight",
                        "transformer.h.0.ln_1.bias",
                        "transformer.h.0.attn.c_attn.weight",
                        "transformer.h.0.attn.c_attn.bias",
                        "transformer.h.0.attn.c_proj.weight",
                        "transformer.h.0.attn.c_proj.bias",
                        "transformer.h.0.ln_2.weight",
                        "transformer.h.0.ln_2.bias",
                        "transformer.h.0.mlp.c_fc.weight",
                        "transformer.h.0.mlp.c_fc.bias",
                        "transformer.h.0.mlp.c_proj.weight",
                        "transformer.h.0.mlp.c_proj.bias",
                        "transformer.ln_f.weight",
                        "transformer.ln_f.bias");
        JsonNode config =
                new ObjectMapper().readTree(folder.resolve("config.json").toFile());
        assertThat(config.get("architectures").get(0).asText()).isEqualTo("GPT2LMHeadModel");
        assertThat(config.get("pad_token_id").asInt()).isZero();
        assertThat(config.get("eos_token_id").asInt()).isEqualTo(1);
        JsonNode tokenizer = new ObjectMapper()
                .readTree(folder.resolve("tokenizer_config.json").toFile());
        assertThat(tokenizer.get("eos_token").asText()).isEqualTo("<eos>");
        assertThat(tokenizer.get("model_max_length").asInt()).isEqualTo(16);
    }

    @Test
    void classifierCarriesItsHead() throws IOException {
        try (Decoder decoder = Decoder.initialise(CONFIG.withLabels(4), 1);
                Tokenizer tokenizer = BuiltInTokenizers.open("byte-bpe-900")) {
            ModelFolder.save(folder, decoder, tokenizer);
        }
        try (TensorStore store = TensorStore.open(folder)) {
            assertThat(store.entry("score.weight").shape()).containsExactly(4, 8);
        }
        JsonNode config =
                new ObjectMapper().readTree(folder.resolve("config.json").toFile());
        assertThat(config.get("architectures").get(0).asText()).isEqualTo("GPT2ForSequenceClassification");
        assertThat(config.get("id2label")).hasSize(4);
    }

    @Test
    void weightsThatDoNotFitTheConfigAreNamed() throws IOException {
        save();
        ModelConfig.gpt2(900, 8, 2, 2, 16).write(folder, "float32");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> ModelFolder.load(folder))
                .withMessageContaining("model.safetensors")
                .withMessageContaining("transformer.h.1.attn.c_attn.weight");
        CONFIG.write(folder, "float32");
        Path weights = folder.resolve("model.safetensors");
        rewriteWithPositionsOnTheirSide(weights);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> ModelFolder.load(folder))
                .withMessageContaining("transformer.wpe.weight")
                .withMessageContaining("[8, 16]")
                .withMessageContaining("[16, 8]");
    }

    private Set<String> names() {
        try (TensorStore store = TensorStore.open(folder)) {
            return Set.copyOf(store.names());
        }
    }

    private static void rewriteWithPositionsOnTheirSide(Path weights) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(weights);
                Scope scope = new Scope()) {
            List<SafetensorsWriter.Item> items = new ArrayList<>();
            for (String name : file.entries().keySet()) {
                Tensor tensor = file.mapped(name);
                items.add(SafetensorsWriter.Item.of(
                        name, name.equals("transformer.wpe.weight") ? tensor.view(8, 16) : tensor));
            }
            Files.delete(weights);
            SafetensorsWriter.write(weights, items);
        }
    }

    private void save() throws IOException {
        try (Decoder decoder = Decoder.initialise(CONFIG, 1);
                Tokenizer tokenizer = BuiltInTokenizers.open("byte-bpe-900")) {
            ModelFolder.save(folder, decoder, tokenizer);
        }
    }

    private static float[] logits(Decoder decoder, FlatBatch batch) {
        return Tensors.toFloats(
                decoder.architecture().labels() > 0
                        ? decoder.classLogits(decoder.hidden(batch), batch)
                        : decoder.logits(decoder.hidden(batch), new long[] {0, 2, 11}));
    }
}
