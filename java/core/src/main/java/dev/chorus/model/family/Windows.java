package dev.chorus.model.family;

import dev.chorus.text.Shown;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;

/** How far back every layer looks. */
final class Windows {
    private Windows() {}

    /** Every layer sees everything. */
    static List<Integer> full(int layers) {
        return Collections.nCopies(layers, 0);
    }

    /** Every layer has the window under {@code sliding_window}, if there is one; {@code missing} if the key is not there. */
    static List<Integer> everywhere(ConfigJson config, int layers, int missing) {
        // layer_types is left unread, and so reported: transformers does not look at it in these families either.
        return Collections.nCopies(layers, config.sizeOr(missing, 0, "sliding_window"));
    }

    /**
     * Some layers have a window.
     *
     * @param window positions, 0 for none
     * @param slides which layers, if the config has no {@code layer_types}
     */
    static List<Integer> perLayer(ConfigJson config, int layers, int window, IntPredicate slides) {
        List<String> types = config.texts("layer_types");
        if (!types.isEmpty() && types.size() != layers) {
            throw config.problem("layer_types names " + types.size() + " layers, the model has " + layers);
        }
        List<Integer> windows = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            boolean sliding = slides.test(layer);
            if (!types.isEmpty()) {
                sliding = switch (types.get(layer)) {
                    case "sliding_attention" -> true;
                    case "full_attention" -> false;
                    default ->
                        throw config.problem("layer_types '" + Shown.value(types.get(layer))
                                + "' is not supported; supported: full_attention, sliding_attention");
                };
                if (sliding && window == 0) {
                    throw config.problem("layer_types asks for a sliding window, sliding_window is not set");
                }
            }
            windows.add(sliding ? window : 0);
        }
        return List.copyOf(windows);
    }
}
