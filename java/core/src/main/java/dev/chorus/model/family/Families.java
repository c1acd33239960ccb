package dev.chorus.model.family;

import dev.chorus.text.Shown;
import java.util.List;
import java.util.stream.Collectors;

/** Every family that is built. */
public final class Families {
    private static final List<Family> ALL = List.of(
            new Gpt2(),
            new Opt(),
            new GptNeox(),
            new Bloom(),
            new Llama(),
            new Mistral(),
            new Qwen2(),
            new Qwen3(),
            new Gemma2(),
            new Phi3());

    private Families() {}

    /** The model types, in the order of the list. */
    public static List<String> supported() {
        return ALL.stream().map(Family::modelType).toList();
    }

    /**
     * The family that a config names.
     *
     * @throws ConfigProblem if it is none of these
     */
    static Family of(ConfigJson config) {
        String type = config.text("model_type", "");
        config.refuse("quantization_config", "weights must be f32, f16 or bf16; save the model without quantization");
        return ALL.stream()
                .filter(family -> family.modelType().equals(type))
                .findFirst()
                .orElseThrow(() -> config.problem("model_type '" + Shown.value(type) + "' is not supported; supported: "
                        + supported().stream().collect(Collectors.joining(", "))));
    }
}
