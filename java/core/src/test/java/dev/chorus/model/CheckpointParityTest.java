package dev.chorus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.checkpoint.CheckpointLoader;
import dev.chorus.model.checkpoint.TensorStore;
import dev.chorus.model.family.Part;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.generate.BeamSearch;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.model.weights.Parameters;
import dev.chorus.model.weights.Precision;
import dev.chorus.text.Tokenizer;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import dev.chorus.train.LanguageModelObjective;
import dev.chorus.train.Progress;
import dev.chorus.train.Step;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every folder of fixtures against what Hugging Face transformers computed from it: {@code -Dchorus.fixtures=DIR} names the
 * parent of other folders (see fixtures/README.md). All is computed in f32, also where the weights are bf16.
 */
class CheckpointParityTest {
    /** Logits of up to 20 in f32 behind two blocks, summed in other orders. */
    private static final double LOGITS = 2e-4;

    /** Where the weights are bf16, the other side may have rounded more than the weights. */
    private static final double LOGITS_OF_BF16 = 3e-2;

    /** The same errors, of which the log-sum-exp averages most away. */
    private static final double LOGPS_PER_LOGIT = 0.5;

    /** Norms over whole tensors of f32 gradients. */
    private static final double RELATIVE_NORM = 1e-3;

    /** Share of the whole gradient's norm that is rounding: a key's bias has no gradient but that. */
    private static final double NOISE = 1e-6;

    private static final int NEW_TOKENS = 16;

    @TempDir
    private static Path scratch;

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @TestFactory
    Stream<DynamicNode> everyFolder() throws IOException, URISyntaxException {
        String given = System.getProperty("chorus.fixtures");
        Path parent = given != null
                ? Path.of(given)
                : Path.of(CheckpointParityTest.class.getResource("/fixtures").toURI());
        List<Path> folders = new ArrayList<>();
        try (Stream<Path> found = Files.list(parent)) {
            found.filter(folder -> Files.exists(folder.resolve("expected.json")))
                    .sorted()
                    .forEach(folders::add);
        }
        assertThat(folders).as("folders with an expected.json in " + parent).isNotEmpty();
        return folders.stream()
                .map(folder ->
                        dynamicContainer(folder.getFileName().toString(), tests(CheckpointFixture.read(folder))));
    }

    private static Stream<DynamicNode> tests(CheckpointFixture fixture) {
        return Stream.of(
                dynamicTest("tokenizer", () -> tokenizer(fixture, fixture.folder())),
                dynamicTest("logits", () -> {
                    try (Decoder decoder = ModelFolder.openDecoder(fixture.folder(), Precision.F32)) {
                        logits(fixture, decoder);
                    }
                }),
                dynamicTest("log-probabilities", () -> {
                    try (Decoder decoder = ModelFolder.openDecoder(fixture.folder(), Precision.F32)) {
                        logps(fixture, decoder);
                    }
                }),
                dynamicTest("gradient norms", () -> {
                    try (ModelFolder model = ModelFolder.load(fixture.folder())) {
                        gradients(fixture, model.decoder(), false);
                    }
                }),
                dynamicTest("gradient norms, blocks computed again", () -> {
                    try (ModelFolder model = ModelFolder.load(fixture.folder())) {
                        gradients(fixture, model.decoder(), true);
                    }
                }),
                dynamicTest("greedy, with the cache", () -> {
                    try (Decoder decoder = ModelFolder.openDecoder(fixture.folder(), Precision.F32)) {
                        greedyWithCache(fixture, decoder);
                    }
                }),
                dynamicTest("greedy, without the cache", () -> {
                    try (Decoder decoder = ModelFolder.openDecoder(fixture.folder(), Precision.F32)) {
                        greedyWithoutCache(fixture, decoder);
                    }
                }),
                dynamicTest("saved and loaded, the same", () -> saved(fixture)));
    }

    private static void tokenizer(CheckpointFixture fixture, Path folder) throws IOException {
        List<String> texts = fixture.strings("texts");
        List<int[]> ids = fixture.ids("input_ids");
        List<String> decoded = fixture.strings("decoded");
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            for (int s = 0; s < texts.size(); s++) {
                assertThat(tokenizer.encodeWithSpecials(texts.get(s)))
                        .as(texts.get(s))
                        .containsExactly(ids.get(s));
                assertThat(tokenizer.decode(ids.get(s))).isEqualTo(decoded.get(s));
            }
        }
    }

    private static void logits(CheckpointFixture fixture, Decoder decoder) throws IOException {
        List<int[]> texts = fixture.ids("input_ids");
        float[] reference = fixture.tensor("logits");
        float[] mask = fixture.tensor("attention_mask");
        int longest = texts.stream().mapToInt(text -> text.length).max().orElseThrow();
        int v = decoder.architecture().vocabSize();
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
        assertThat(largest).isLessThan(tolerance(fixture));
    }

    /** Through the inference path: attention over the paged cache, the head's kernel. */
    private static void logps(CheckpointFixture fixture, Decoder decoder) throws IOException {
        List<int[]> texts = fixture.ids("input_ids");
        float[] reference = fixture.tensor("token_logprobs");
        int longest = texts.stream().mapToInt(text -> text.length).max().orElseThrow();
        double tolerance = LOGPS_PER_LOGIT * tolerance(fixture);
        List<Sequence> sequences =
                texts.stream().map(text -> new Sequence(text, 1)).toList();
        // In one batch and in several.
        for (int batchTokens : new int[] {1, 4096}) {
            double[][] logps = SequenceScorer.tokenLogps(decoder, sequences, batchTokens);
            for (int s = 0; s < logps.length; s++) {
                assertThat(logps[s]).hasSize(texts.get(s).length - 1);
                for (int t = 0; t < logps[s].length; t++) {
                    assertThat(logps[s][t]).isCloseTo(reference[s * (longest - 1) + t], within(tolerance));
                }
                assertThat(Arrays.stream(logps[s]).sum())
                        .isCloseTo(
                                fixture.expected()
                                        .get("sequence_logprob")
                                        .get(s)
                                        .asDouble(),
                                within(tolerance * logps[s].length));
            }
        }
    }

    private static void gradients(CheckpointFixture fixture, Decoder decoder, boolean checkpointing)
            throws IOException {
        List<Sequence> sequences = fixture.ids("input_ids").stream()
                .map(text -> new Sequence(text, 1))
                .toList();
        decoder.checkpointing(checkpointing);
        Parameters parameters = decoder.parameters();
        double total = fixture.expected().get("grad_norm_total").asDouble();
        String head = decoder.config().family().names().module(Part.HEAD) + ".weight";
        try (Scope scope = new Scope()) {
            double loss = new Step(decoder, new LanguageModelObjective(sequences), 0, 1)
                    .run(IntStream.range(0, sequences.size()).toArray(), new Progress(0, 0, 0))
                    .loss();
            assertThat(loss)
                    .isCloseTo(
                            fixture.expected().get("mean_nll").asDouble(),
                            within(LOGPS_PER_LOGIT * tolerance(fixture)));
            JsonNode norms = fixture.expected().get("grad_norms");
            List<String> compared = new ArrayList<>();
            norms.properties().forEach(norm -> {
                // transformers 5 calls every head so in memory, whatever its name in the file.
                String name = norm.getKey().equals("lm_head.weight") ? head : norm.getKey();
                double ours = parameters.gradient(name).norm().item_double();
                double theirs = norm.getValue().asDouble();
                double tolerance = Math.max(RELATIVE_NORM * theirs, NOISE * total);
                assertThat(ours).as(norm.getKey()).isCloseTo(theirs, within(tolerance));
                compared.add(name);
            });
            assertThat(compared).containsExactlyInAnyOrderElementsOf(parameters.names());
            assertThat(parameters.gradients().norm().item_double()).isCloseTo(total, within(RELATIVE_NORM * total));
        }
    }

    private static void greedyWithCache(CheckpointFixture fixture, Decoder decoder) {
        List<int[]> texts = fixture.ids("input_ids");
        List<int[]> greedy = fixture.ids("greedy_16");
        List<List<BeamSearch.Hypothesis>> found =
                new BeamSearch(1, NEW_TOKENS, decoder.config().tokenIds("eos_token_id")[0]).generate(decoder, texts);
        for (int s = 0; s < texts.size(); s++) {
            int[] tokens = found.get(s).get(0).tokens();
            assertThat(Sequence.of(texts.get(s), tokens).tokens()).containsExactly(greedy.get(s));
        }
    }

    private static void greedyWithoutCache(CheckpointFixture fixture, Decoder decoder) {
        List<int[]> texts = fixture.ids("input_ids");
        List<int[]> greedy = fixture.ids("greedy_16");
        int eos = decoder.config().tokenIds("eos_token_id")[0];
        for (int s = 0; s < texts.size(); s++) {
            int[] tokens = texts.get(s);
            for (int step = 0; step < NEW_TOKENS; step++) {
                try (Scope scope = new Scope();
                        Tensors.GradientMode off = Tensors.withoutGradients()) {
                    FlatBatch batch = FlatBatch.of(List.of(tokens));
                    Tensor logits = decoder.logits(decoder.hidden(batch), batch.lastTokens());
                    int next = Math.toIntExact(logits.argmax().item_long());
                    tokens = Sequence.of(tokens, new int[] {next}).tokens();
                    if (next == eos) {
                        break;
                    }
                }
            }
            assertThat(tokens).containsExactly(greedy.get(s));
        }
    }

    private static void saved(CheckpointFixture fixture) throws IOException {
        Path copy = Files.createTempDirectory(scratch, "saved");
        try (ModelFolder model = ModelFolder.load(fixture.folder())) {
            ModelFolder.save(copy, model.decoder(), model.tokenizer());
            try (ModelFolder again = ModelFolder.load(copy);
                    Scope scope = new Scope()) {
                assertThat(again.decoder().architecture())
                        .isEqualTo(model.decoder().architecture());
                assertThat(again.decoder().config().tokenIds("eos_token_id"))
                        .isEqualTo(model.decoder().config().tokenIds("eos_token_id"));
                assertThat(Tensors.toFloats(again.decoder().parameters().values()))
                        .isEqualTo(Tensors.toFloats(model.decoder().parameters().values()));
            }
        }
        tokenizer(fixture, copy);
        for (String file : List.of("generation_config.json", "tokenizer.json", "tokenizer_config.json")) {
            if (Files.exists(fixture.folder().resolve(file))) {
                assertThat(copy.resolve(file))
                        .hasSameBinaryContentAs(fixture.folder().resolve(file));
            }
        }
        try (Decoder decoder = ModelFolder.openDecoder(copy, Precision.F32)) {
            logits(fixture, decoder);
        }
    }

    private static double tolerance(CheckpointFixture fixture) {
        try (TensorStore store = TensorStore.open(fixture.folder())) {
            return CheckpointLoader.usual(store) == Precision.BF16 ? LOGITS_OF_BF16 : LOGITS;
        }
    }
}
