package dev.chorus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.model.SequenceScorer.Sequence;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import dev.chorus.train.Batch;
import dev.chorus.train.LanguageModelObjective;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The decoder against Hugging Face transformers on the same weights; see fixtures/README.md. */
class TransformersParityTest {
    /** Logits of up to 20 in f32 behind two blocks, summed in other orders. */
    private static final double LOGITS = 2e-4;

    /** The same errors, of which the log-sum-exp averages most away. */
    private static final double LOGPS = 1e-4;

    /** Norms over whole tensors of f32 gradients. */
    private static final double RELATIVE_NORM = 1e-3;

    private static Decoder decoder;
    private static JsonNode expected;
    private static List<int[]> texts;
    private static Path folder;

    @BeforeAll
    static void load() throws IOException, URISyntaxException {
        LibTorch.threads(1);
        folder = Path.of(TransformersParityTest.class
                        .getResource("/fixtures/gpt2/config.json")
                        .toURI())
                .getParent();
        decoder = ModelFolder.loadDecoder(folder);
        expected = new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
        texts = ints(expected.get("input_ids"));
    }

    @AfterAll
    static void close() {
        decoder.close();
    }

    @Test
    void logitsOfOneFlatBatch() throws IOException {
        float[] reference = floats("logits");
        float[] mask = floats("attention_mask");
        int longest = texts.stream().mapToInt(text -> text.length).max().orElseThrow();
        int v = decoder.config().vocabSize();
        assertThat(reference).hasSize(texts.size() * longest * v);
        FlatBatch batch = FlatBatch.of(texts);
        double largest = 0;
        int compared = 0;
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            float[] logits = Tensors.toFloats(decoder.logits(decoder.hidden(batch)));
            for (int s = 0; s < texts.size(); s++) {
                for (int t = 0; t < longest; t++) {
                    boolean real = t < texts.get(s).length;
                    assertThat(mask[s * longest + t]).isEqualTo(real ? 1 : 0);
                    for (int k = 0; real && k < v; k++, compared++) {
                        float ours = logits[(batch.offsets()[s] + t) * v + k];
                        largest = Math.max(largest, Math.abs(ours - reference[(s * longest + t) * v + k]));
                    }
                }
            }
        }
        assertThat(compared).isEqualTo(batch.tokens() * v);
        assertThat(largest).isLessThan(LOGITS);
    }

    @Test
    void tokenLogProbabilities() throws IOException {
        float[] reference = floats("token_logprobs");
        int longest = texts.stream().mapToInt(text -> text.length).max().orElseThrow();
        List<Sequence> sequences =
                texts.stream().map(text -> new Sequence(text, 1)).toList();
        // In one batch and in several.
        for (int batchTokens : new int[] {1, 4096}) {
            double[][] logps = SequenceScorer.tokenLogps(decoder, sequences, batchTokens);
            for (int s = 0; s < logps.length; s++) {
                assertThat(logps[s]).hasSize(texts.get(s).length - 1);
                for (int t = 0; t < logps[s].length; t++) {
                    assertThat(logps[s][t]).isCloseTo(reference[s * (longest - 1) + t], within(LOGPS));
                }
                assertThat(Arrays.stream(logps[s]).sum())
                        .isCloseTo(expected.get("sequence_logprob").get(s).asDouble(), within(LOGPS * logps[s].length));
            }
        }
    }

    @Test
    void gradientNorms() {
        List<Sequence> sequences =
                texts.stream().map(text -> new Sequence(text, 1)).toList();
        Parameters parameters = decoder.parameters();
        try (Scope scope = new Scope()) {
            parameters.gradients().zero_();
            double loss = new LanguageModelObjective(decoder, sequences)
                    .accumulate(new Batch(IntStream.range(0, texts.size()).toArray(), 0, 0, 0));
            assertThat(loss).isCloseTo(expected.get("mean_nll").asDouble(), within(LOGPS));
            JsonNode norms = expected.get("grad_norms");
            List<String> compared = new ArrayList<>();
            norms.properties().forEach(norm -> {
                double ours = parameters.get(norm.getKey()).grad().norm().item_double();
                double theirs = norm.getValue().asDouble();
                assertThat(ours).as(norm.getKey()).isCloseTo(theirs, within(RELATIVE_NORM * theirs));
                compared.add(norm.getKey());
            });
            assertThat(compared).containsExactlyInAnyOrderElementsOf(parameters.names());
            Tensor all = parameters.gradients();
            double total = expected.get("grad_norm_total").asDouble();
            assertThat(all.norm().item_double()).isCloseTo(total, within(RELATIVE_NORM * total));
            all.zero_();
        }
    }

    @Test
    void greedyTokens() {
        List<List<BeamSearch.Hypothesis>> found = new BeamSearch(1, 16, 0).generate(decoder, texts);
        List<int[]> greedy = ints(expected.get("greedy_16"));
        for (int s = 0; s < texts.size(); s++) {
            int[] tokens = found.get(s).get(0).tokens();
            assertThat(Sequence.of(texts.get(s), tokens).tokens()).containsExactly(greedy.get(s));
        }
    }

    private static List<int[]> ints(JsonNode lists) {
        List<int[]> out = new ArrayList<>();
        lists.forEach(list -> {
            int[] ids = new int[list.size()];
            Arrays.setAll(ids, i -> list.get(i).asInt());
            out.add(ids);
        });
        return out;
    }

    /** A tensor of expected.safetensors, F32 or I32; the reader under test would refuse the latter. */
    private static float[] floats(String name) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("expected.safetensors")))
                .order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(file.getLong());
        JsonNode tensor = new ObjectMapper().readTree(file.array(), 8, header).get(name);
        int from = tensor.get("data_offsets").get(0).asInt();
        int to = tensor.get("data_offsets").get(1).asInt();
        boolean integers = tensor.get("dtype").asText().equals("I32");
        file.position(8 + header + from);
        float[] values = new float[(to - from) / 4];
        for (int i = 0; i < values.length; i++) {
            values[i] = integers ? file.getInt() : file.getFloat();
        }
        return values;
    }
}
