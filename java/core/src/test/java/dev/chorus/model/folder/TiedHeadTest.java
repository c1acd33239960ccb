package dev.chorus.model.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
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
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.family.Part;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.text.CompletionTokens;
import dev.chorus.text.Tokenizer;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A config that ties the head to the embedding, and what the file holds of the two. */
class TiedHeadTest {
    private static final Path RESOURCES = Path.of("src/test/resources");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    /** The numbers are those of transformers 5.18, four decimals of them. */
    @Test
    void theCaseHasTheLogProbabilitiesOfTransformers() throws IOException {
        Path model = RESOURCES.resolve("cases/tied_head_differs");
        double[] expected = {-20.7633, -33.1613};
        List<String> lines = Files.readAllLines(model.resolve("d.jsonl"));
        try (Decoder decoder = ModelFolder.openDecoder(model, null);
                Tokenizer tokenizer = Tokenizer.load(RESOURCES.resolve("fixtures/qwen2"))) {
            for (int i = 0; i < expected.length; i++) {
                JsonNode line = JSON.readTree(lines.get(i));
                CompletionTokens tokens = CompletionTokens.of(
                        tokenizer,
                        line.get("prompt").asText(),
                        line.get("completion").asText(),
                        CompletionTokens.Join.JOINT,
                        false);
                double[] logps = SequenceScorer.tokenLogps(
                        decoder, List.of(new Sequence(tokens.tokens(), tokens.start())), 64)[0];
                assertThat(Arrays.stream(logps).sum()).isCloseTo(expected[i], within(1e-4));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHeadThatDiffersIsUsedTrainedAndSaved(TinyConfigs tiny) throws IOException {
        ModelConfig untied = tied(tiny, false);
        try (Decoder decoder = TinyDecoders.random(untied, 7);
                Tokenizer tokenizer = Tokenizer.load(RESOURCES.resolve("fixtures/gpt2"))) {
            ModelFolder.save(folder, decoder, tokenizer);
            double[][] expected = scores(decoder);
            sayTied(true);
            try (ModelFolder frozen = ModelFolder.open(folder, Precision.F32)) {
                assertThat(scores(frozen.decoder())).isDeepEqualTo(expected);
            }
            try (ModelFolder trained = ModelFolder.load(folder)) {
                assertThat(scores(trained.decoder())).isDeepEqualTo(expected);
                assertThat(trained.decoder().parameters().names()).contains(head(untied), embedding(untied));
                Path again = Files.createDirectory(folder.resolve("again"));
                ModelFolder.save(again, trained.decoder(), tokenizer);
                assertThat(JSON.readTree(again.resolve("config.json").toFile())
                                .get("tie_word_embeddings")
                                .asBoolean(true))
                        .isFalse();
                try (ModelFolder saved = ModelFolder.load(again)) {
                    assertThat(scores(saved.decoder())).isDeepEqualTo(expected);
                }
            }
            try (TensorStore store = TensorStore.open(folder)) {
                assertThat(CheckpointLoader.check(store, ModelConfig.read(folder)))
                        .singleElement()
                        .asString()
                        .contains(head(untied), embedding(untied), "tie_word_embeddings");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSameMatrixTwiceStaysOne(TinyConfigs tiny) throws IOException {
        ModelConfig tied = tied(tiny, true);
        try (Decoder decoder = TinyDecoders.random(tied, 7)) {
            write(tied, decoder, embedding(tied), head(tied));
            try (Decoder read = ModelFolder.openDecoder(folder, Precision.F32)) {
                assertThat(read.architecture().head().tied()).isTrue();
                assertThat(scores(read)).isDeepEqualTo(scores(decoder));
            }
        }
    }

    /** Under the family's own name for it, and under the name that most others have. */
    @ParameterizedTest
    @EnumSource
    void aHeadAloneIsTheEmbeddingToo(TinyConfigs tiny) throws IOException {
        ModelConfig tied = tied(tiny, true);
        try (Decoder decoder = TinyDecoders.random(tied, 7)) {
            for (String name : List.of(head(tied), "lm_head.weight")) {
                Files.deleteIfExists(folder.resolve("model.safetensors"));
                write(tied, decoder, name);
                try (Decoder read = ModelFolder.openDecoder(folder, Precision.F32)) {
                    assertThat(read.architecture().head().tied()).isTrue();
                    assertThat(scores(read)).isDeepEqualTo(scores(decoder));
                }
            }
        }
    }

    @Test
    void withoutTyingAHeadAloneIsNotEnough() throws IOException {
        ModelConfig untied = tied(TinyConfigs.LLAMA, false);
        try (Decoder decoder = TinyDecoders.random(untied, 7)) {
            write(untied, decoder, head(untied));
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> ModelFolder.openDecoder(folder, Precision.F32))
                    .withMessageContaining("missing tensors: [model.embed_tokens.weight]");
        }
    }

    private static ModelConfig tied(TinyConfigs tiny, boolean tied) throws IOException {
        Path scratch = Files.createTempDirectory("tied");
        try {
            tiny.config().write(scratch, "float32");
            ObjectNode json =
                    (ObjectNode) JSON.readTree(scratch.resolve("config.json").toFile());
            return ModelConfig.of(json.put("tie_word_embeddings", tied).toString());
        } finally {
            Files.delete(scratch.resolve("config.json"));
            Files.delete(scratch);
        }
    }

    private void sayTied(boolean tied) throws IOException {
        Path file = folder.resolve("config.json");
        ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
        Files.writeString(file, json.put("tie_word_embeddings", tied).toString());
    }

    /** The decoder's tensors, its embedding (or its head, where it has one) under these names. */
    private void write(ModelConfig config, Decoder decoder, String... names) throws IOException {
        config.write(folder, "float32");
        List<SafetensorsWriter.Item> items = new ArrayList<>();
        for (TensorSpec spec : TensorPlan.of(config)) {
            if (!spec.name().equals(embedding(config)) && !spec.name().equals(head(config))) {
                items.add(
                        SafetensorsWriter.Item.of(spec.name(), decoder.weights().get(spec.name())));
            }
        }
        for (String name : names) {
            items.add(SafetensorsWriter.Item.of(name, decoder.weights().get(embedding(config))));
        }
        SafetensorsWriter.writeFolder(folder, items);
    }

    private static String embedding(ModelConfig config) {
        return config.family().names().module(Part.EMBEDDING) + ".weight";
    }

    private static String head(ModelConfig config) {
        return config.family().names().module(Part.HEAD) + ".weight";
    }

    private static double[][] scores(Decoder decoder) {
        List<Sequence> sequences = TinyDecoders.sequences(TinyConfigs.VOCABULARY, 3, 9, 4).stream()
                .map(tokens -> new Sequence(tokens, 1))
                .toList();
        return SequenceScorer.tokenLogps(decoder, sequences, 64);
    }
}
