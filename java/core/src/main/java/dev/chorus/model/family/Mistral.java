package dev.chorus.model.family;

import dev.chorus.model.family.Architecture.Attention;
import dev.chorus.model.family.Architecture.Mlp;
import dev.chorus.model.family.Architecture.QkvLayout;
import java.util.List;

/** Mistral 7B (Jiang et al., arXiv:2310.06825): Llama without biases, with a sliding window. */
final class Mistral extends Llama {
    private static final int USUAL_WINDOW = 4096;

    @Override
    public String modelType() {
        return "mistral";
    }

    @Override
    public String className() {
        return "Mistral";
    }

    @Override
    Sizes sizes(ConfigJson config) {
        return Sizes.read(config, 8, 0);
    }

    @Override
    Attention attention(ConfigJson config, Sizes sizes) {
        return attention(config, sizes, false, false, false, QkvLayout.SEPARATE);
    }

    @Override
    Mlp mlp(ConfigJson config, Sizes sizes) {
        return new Mlp(sizes.inner(), true, false, false, config.activation("hidden_act", "silu"));
    }

    @Override
    List<Integer> windows(ConfigJson config, int layers) {
        return Windows.everywhere(config, layers, USUAL_WINDOW);
    }
}
