package dev.chorus.model.family;

import dev.chorus.model.family.Architecture.Attention;
import dev.chorus.model.family.Architecture.Mlp;
import dev.chorus.model.family.Architecture.QkvLayout;
import java.util.List;

/** Qwen 2 and 2.5 (Yang et al., arXiv:2407.10671): Llama with biases on query, key and value; upper layers may slide. */
class Qwen2 extends Llama {
    private static final int USUAL_WINDOW = 4096;
    private static final int USUAL_FULL_LAYERS = 28;

    @Override
    public String modelType() {
        return "qwen2";
    }

    @Override
    public String className() {
        return "Qwen2";
    }

    @Override
    Sizes sizes(ConfigJson config) {
        return Sizes.read(config, 32, 0);
    }

    @Override
    Attention attention(ConfigJson config, Sizes sizes) {
        return attention(config, sizes, true, false, false, QkvLayout.SEPARATE);
    }

    @Override
    Mlp mlp(ConfigJson config, Sizes sizes) {
        return new Mlp(sizes.inner(), true, false, false, config.activation("hidden_act", "silu"));
    }

    @Override
    List<Integer> windows(ConfigJson config, int layers) {
        boolean used = config.flag("use_sliding_window", false);
        int window = config.sizeOr(USUAL_WINDOW, 0, "sliding_window");
        int first = config.integer("max_window_layers", USUAL_FULL_LAYERS);
        return Windows.perLayer(config, layers, used ? window : 0, layer -> used && layer >= first);
    }
}
