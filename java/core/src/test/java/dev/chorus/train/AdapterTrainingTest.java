package dev.chorus.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.loss.ConservativeDpoLoss;
import dev.chorus.model.Decoder;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.model.weights.Adapter;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.supervise.PreferenceObjective;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import dev.chorus.train.Trainer.CurvePoint;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is trained when an adapter stands beside frozen weights. */
class AdapterTrainingTest {
    private static final List<String> TEXTS = List.of(
            "wake me up at five am this week",
            "what's the weather in berlin tomorrow",
            "play jazz in the kitchen",
            "remind me of the meeting on monday");

    /** Twenty steps. */
    private static final TrainSettings SETTINGS = new TrainSettings(20, 4, 0.02, 0, 0.1, 1);

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @Test
    void theLossFallsAndTheFrozenWeightsStay() throws IOException {
        try (ModelFolder model = open()) {
            Decoder decoder = model.decoder();
            Map<String, float[]> before = frozen(decoder);
            Adapter adapter = decoder.adapt(new LoraConfig(4, 8, 0.05, List.of(LoraConfig.ALL), false), 7);
            assertThat(decoder.parameters()).isSameAs(adapter.parameters());
            List<CurvePoint> curve = new Trainer(decoder, SETTINGS, 1)
                    .run(
                            TEXTS.size(),
                            new LanguageModelObjective(sequences(model)),
                            null,
                            (step, steps, loss) -> assertThat(steps).isEqualTo(20));
            assertThat(curve.get(curve.size() - 1).loss())
                    .isLessThan(0.8 * curve.get(0).loss());
            frozen(decoder).forEach((name, values) -> assertThat(Arrays.equals(values, before.get(name)))
                    .as(name)
                    .isTrue());
        }
    }

    @Test
    void theReferenceIsTheModelWithTheAdapterOff() throws IOException {
        try (ModelFolder frozen = open();
                ModelFolder model = open()) {
            List<Sequence> sequences = sequences(model);
            double[] reference = sums(frozen.decoder(), sequences);
            Decoder policy = model.decoder();
            Adapter adapter = policy.adapt(LoraConfig.of(4), 7);
            // B is zero: before the first step the policy is the reference.
            assertThat(sums(policy, sequences)).containsExactly(reference);
            List<PreferenceObjective.Pair> pairs = List.of(
                    new PreferenceObjective.Pair(sequences.get(0), sequences.get(1), reference[0], reference[1]),
                    new PreferenceObjective.Pair(sequences.get(2), sequences.get(3), reference[2], reference[3]));
            List<CurvePoint> curve = new Trainer(policy, new TrainSettings(20, 2, 0.02, 0, 0.1, 1), 1)
                    .run(
                            pairs.size(),
                            new PreferenceObjective(pairs, new ConservativeDpoLoss(0.5, 0)),
                            null,
                            (step, steps, loss) -> {});
            assertThat(curve.get(0).loss()).isLessThan(Math.log(2) + 1e-4);
            assertThat(curve.get(curve.size() - 1).loss()).isLessThan(0.3);
            double[] trained = sums(policy, sequences);
            assertThat(trained[0] - trained[1]).isGreaterThan(reference[0] - reference[1] + 1);
            try (Adapter.Off off = adapter.off()) {
                assertThat(sums(policy, sequences)).containsExactly(reference);
            }
        }
    }

    /** A block that is computed again on the way back must drop the same elements. */
    @Test
    void gradientsDoNotDependOnCheckpointing() throws IOException {
        List<float[]> gradients = new ArrayList<>();
        for (boolean checkpointing : new boolean[] {false, true}) {
            try (ModelFolder model = open();
                    Scope scope = new Scope()) {
                Decoder decoder = model.decoder();
                decoder.adapt(new LoraConfig(4, 8, 0.3, List.of(LoraConfig.ALL), false), 7);
                for (String name : decoder.parameters().names()) {
                    float[] values = decoder.parameters().read(name);
                    for (int i = 0; i < values.length; i++) {
                        values[i] += 0.01f;
                    }
                    decoder.parameters().write(name, values);
                }
                decoder.checkpointing(checkpointing);
                new Step(decoder, new LanguageModelObjective(sequences(model)), 0, 5)
                        .run(new int[] {0, 1, 2}, new Progress(0, 3, 0));
                gradients.add(Tensors.toFloats(decoder.parameters().gradients()));
            }
        }
        assertThat(gradients.get(0)).isNotEqualTo(new float[gradients.get(0).length]);
        assertThat(Arrays.equals(gradients.get(0), gradients.get(1))).isTrue();
    }

    private static ModelFolder open() throws IOException {
        try {
            return ModelFolder.open(
                    Path.of(AdapterTrainingTest.class
                            .getResource("/fixtures/llama")
                            .toURI()),
                    Precision.F32);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Sequence> sequences(ModelFolder model) {
        return TEXTS.stream()
                .map(text -> new Sequence(model.tokenizer().encodeWithSpecials(text), 1))
                .toList();
    }

    private static double[] sums(Decoder decoder, List<Sequence> sequences) {
        return Arrays.stream(SequenceScorer.tokenLogps(decoder, sequences, 1000))
                .mapToDouble(logps -> Arrays.stream(logps).sum())
                .toArray();
    }

    private static Map<String, float[]> frozen(Decoder decoder) {
        Map<String, float[]> values = new LinkedHashMap<>();
        try (Scope scope = new Scope()) {
            for (TensorSpec spec : TensorPlan.of(decoder.config())) {
                values.put(spec.name(), Tensors.toFloats(decoder.weights().get(spec.name())));
            }
        }
        return values;
    }
}
