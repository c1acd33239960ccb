package dev.chorus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.cache.CachedSequence;
import dev.chorus.model.cache.KeyValueCache;
import dev.chorus.model.weights.Adapter;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Parameters;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.model.weights.Weights;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A low-rank adapter beside frozen weights: nothing at its start, nothing when it is off, W + scale B A when it is on. */
class AdaptedDecoderTest {
    /** Share of the hidden states' norm: a product more in f32, or a sum of weights rounded once. */
    private static final double F32 = 3e-6;

    private static final List<int[]> TEXTS = TinyDecoders.sequences(TinyConfigs.VOCABULARY, 3, 9, 14, 1, 20);
    private static final FlatBatch BATCH = FlatBatch.of(TEXTS);
    private static final LoraConfig ALL = new LoraConfig(2, 3, 0, List.of(LoraConfig.ALL), false);

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @ParameterizedTest
    @EnumSource
    void newAdapterChangesNothing(TinyConfigs tiny) {
        for (Precision precision : Precision.values()) {
            try (Decoder decoder = TinyDecoders.frozen(tiny.config(), 7, precision)) {
                float[] before = hidden(decoder);
                Adapter adapter = decoder.adapt(ALL, 1);
                assertThat(adapter.active()).isTrue();
                assertThat(hidden(decoder)).containsExactly(before);
                // All of A is there, so that the first step moves B; all of B is nothing.
                Parameters parameters = decoder.parameters();
                for (String name : parameters.names()) {
                    double sum = 0;
                    for (float value : parameters.read(name)) {
                        sum += Math.abs(value);
                    }
                    assertThat(sum > 0).as(name).isEqualTo(name.contains(".lora_A."));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void switchedOffItIsTheFrozenModelToTheBit(TinyConfigs tiny) {
        for (Precision precision : Precision.values()) {
            try (Decoder decoder = TinyDecoders.frozen(tiny.config(), 7, precision)) {
                float[] before = hidden(decoder);
                Adapter adapter = decoder.adapt(ALL, 1);
                TinyDecoders.randomise(decoder.parameters(), 2);
                float[] adapted = hidden(decoder);
                assertThat(distance(adapted, before)).isGreaterThan(0.05);
                try (Adapter.Off off = adapter.off()) {
                    assertThat(hidden(decoder)).containsExactly(before);
                    try (Adapter.Off inner = adapter.off()) {
                        assertThat(adapter.active()).isFalse();
                    }
                    assertThat(adapter.active()).isFalse();
                }
                assertThat(hidden(decoder)).containsExactly(adapted);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void mergedWeightsGiveTheSame(TinyConfigs tiny) {
        for (boolean stabilised : new boolean[] {false, true}) {
            LoraConfig lora = new LoraConfig(4, 3, 0, List.of(LoraConfig.ALL), stabilised);
            assertThat(lora.scale()).isEqualTo(stabilised ? 1.5 : 0.75);
            try (Decoder decoder = TinyDecoders.frozen(tiny.config(), 7, Precision.F32)) {
                float[] before = hidden(decoder);
                decoder.adapt(lora, 1);
                TinyDecoders.randomise(decoder.parameters(), 2);
                try (Decoder merged = merged(decoder)) {
                    float[] adapted = hidden(decoder);
                    assertThat(distance(hidden(merged), adapted)).isLessThan(F32);
                    assertThat(distance(before, adapted)).isGreaterThan(0.05);
                }
            }
        }
    }

    /** In the dtype of the weights, rounded once from f32. */
    @Test
    void mergedWeightsKeepTheirDtype() {
        try (Decoder decoder = TinyDecoders.frozen(TinyConfigs.PHI3.config(), 7, Precision.BF16);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            decoder.adapt(ALL, 1);
            TinyDecoders.randomise(decoder.parameters(), 2);
            String module = "model.layers.1.mlp.down_proj";
            Parameters parameters = decoder.parameters();
            float[] w =
                    Tensors.toFloats(decoder.weights().get(module + ".weight").to(ScalarType.Float));
            float[] a = parameters.read("base_model.model." + module + ".lora_A.weight");
            float[] b = parameters.read("base_model.model." + module + ".lora_B.weight");
            Tensor merged = decoder.merged(module + ".weight");
            assertThat(merged.scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
            float[] found = Tensors.toFloats(merged.to(ScalarType.Float));
            // [16, 24], rank 2.
            for (int i = 0; i < found.length; i++) {
                int row = i / 24;
                int column = i % 24;
                double sum = w[i] + 1.5 * ((double) b[2 * row] * a[column] + (double) b[2 * row + 1] * a[24 + column]);
                assertThat(Math.abs(found[i] - sum)).isLessThanOrEqualTo(Math.abs(sum) / 256 + 1e-6);
            }
            // What has no adapter is the weight itself.
            assertThat(decoder.merged("model.norm.weight").data_ptr())
                    .isEqualTo(decoder.weights().get("model.norm.weight").data_ptr());
        }
    }

    /** The way through the cache has it too. */
    @ParameterizedTest
    @EnumSource
    void cachedPathIsAdapted(TinyConfigs tiny) {
        try (Decoder decoder = TinyDecoders.frozen(tiny.config(), 7, Precision.F32);
                Scope scope = new Scope()) {
            decoder.adapt(ALL, 1);
            TinyDecoders.randomise(decoder.parameters(), 2);
            try (KeyValueCache cache = new KeyValueCache(
                    decoder.architecture(),
                    Precision.F32,
                    decoder.architecture().layers(),
                    5)) {
                CachedBatch batch = new CachedBatch(cache);
                TEXTS.forEach(text -> batch.add(new CachedSequence(cache), text, 0, text.length));
                float[] cached = Tensors.toFloats(decoder.read(batch));
                assertThat(distance(cached, hidden(decoder))).isLessThan(F32);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GPT2, c_attn",
        "OPT, q_proj v_proj",
        "GPT_NEOX, query_key_value",
        "BLOOM, query_key_value",
        "LLAMA, q_proj v_proj",
        "MISTRAL, q_proj v_proj",
        "QWEN2, q_proj v_proj",
        "QWEN3, q_proj v_proj",
        "GEMMA2, q_proj v_proj",
        "PHI3, qkv_proj o_proj gate_up_proj down_proj"
    })
    void usualTargetsAreThoseOfPeft(TinyConfigs tiny, String targets) {
        try (Decoder decoder = TinyDecoders.frozen(tiny.config(), 7, Precision.F32)) {
            decoder.adapt(LoraConfig.of(3), 1);
            assertThat(decoder.parameters().names().stream()
                            .map(name -> name.replaceFirst("\\.lora_[AB]\\.weight$", ""))
                            .map(module -> module.substring(module.lastIndexOf('.') + 1))
                            .distinct())
                    .containsExactlyInAnyOrder(targets.split(" ", -1));
        }
    }

    @Test
    void namesAndShapesAreThoseOfPeft() {
        try (Decoder decoder = TinyDecoders.frozen(TinyConfigs.GPT2.config(), 7, Precision.F32)) {
            decoder.adapt(new LoraConfig(3, 1, 0, List.of("attn.c_attn", "mlp.c_proj"), false), 1);
            Parameters parameters = decoder.parameters();
            assertThat(parameters.names().stream().filter(name -> name.contains(".h.0.")))
                    .containsExactlyInAnyOrder(
                            "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight",
                            "base_model.model.transformer.h.0.attn.c_attn.lora_B.weight",
                            "base_model.model.transformer.h.0.mlp.c_proj.lora_A.weight",
                            "base_model.model.transformer.h.0.mlp.c_proj.lora_B.weight");
            // GPT-2's weights lie [in, out], its adapters do not.
            assertThat(parameters.shape("base_model.model.transformer.h.1.attn.c_attn.lora_A.weight"))
                    .containsExactly(3, 16);
            assertThat(parameters.shape("base_model.model.transformer.h.1.attn.c_attn.lora_B.weight"))
                    .containsExactly(48, 3);
            assertThat(decoder.adapter().orElseThrow().of("transformer.h.0.attn.c_proj"))
                    .isEmpty();
        }
    }

    @Test
    void whatCannotBeAdaptedIsRefused() {
        try (Decoder trained = TinyDecoders.random(TinyConfigs.LLAMA.config(), 7);
                Decoder frozen = TinyDecoders.frozen(TinyConfigs.LLAMA.config(), 7, Precision.F32)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> trained.adapt(ALL, 1))
                    .withMessage("an adapter stands beside frozen weights; open the folder frozen, not for training");
            assertThatIllegalStateException()
                    .isThrownBy(frozen::parameters)
                    .withMessage("these weights are frozen; load the folder for training, or add an adapter");
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () -> frozen.adapt(new LoraConfig(1, 1, 0, List.of("q_proj", "wq", "lm_head"), false), 1))
                    .withMessage(
                            "target modules [lm_head, wq] are no projections of this model's blocks; there are [q_proj, k_proj,"
                                    + " v_proj, o_proj, gate_proj, up_proj, down_proj], or all-linear for all");
            frozen.adapt(ALL, 1);
            assertThatIllegalStateException()
                    .isThrownBy(() -> frozen.adapt(ALL, 1))
                    .withMessage("this decoder has an adapter already");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> LoraConfig.of(0)).withMessageContaining("rank");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LoraConfig(1, 0, 0, List.of(), false))
                .withMessageContaining("alpha");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LoraConfig(1, 1, 1, List.of(), false))
                .withMessageContaining("dropout");
    }

    /** A frozen decoder of merged weights; the caller closes it. */
    private static Decoder merged(Decoder decoder) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            for (TensorSpec spec : TensorPlan.of(decoder.config())) {
                Tensor weight = decoder.merged(spec.name()).clone();
                assertThat(Tensors.shape(weight)).containsExactly(spec.shape());
                tensors.put(spec.name(), scope.release(weight));
            }
        }
        return new Decoder(decoder.config(), Weights.frozen(tensors), decoder.precision());
    }

    private static float[] hidden(Decoder decoder) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            return Tensors.toFloats(decoder.hidden(BATCH).to(ScalarType.Float));
        }
    }

    /** Norm of the difference as a share of the norm. */
    private static double distance(float[] found, float[] expected) {
        assertThat(found).hasSameSizeAs(expected);
        double error = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            error += Math.pow((double) found[i] - expected[i], 2);
            norm += (double) expected[i] * expected[i];
        }
        return Math.sqrt(error / norm);
    }
}
