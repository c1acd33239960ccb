package dev.chorus.model.family;

import dev.chorus.model.family.Positions.Rotary;
import dev.chorus.text.Shown;

/** Rotary settings in both spellings: {@code rope_parameters}, or {@code rope_theta} beside {@code rope_scaling}. */
final class Rotations {
    private static final double THETA = 10_000;
    private static final String SUPPORTED = "default, linear, dynamic, llama3";

    private Rotations() {}

    /**
     * Reads them.
     *
     * @param headWidth channels of a head
     * @param share     of them that is rotated if the config does not say
     * @param maxTokens the config's longest sequence
     */
    static Rotary read(ConfigJson config, int headWidth, double share, int maxTokens) {
        boolean together = config.has("rope_parameters");
        ConfigJson rope = config.part(together ? "rope_parameters" : "rope_scaling");
        config.part("rope_scaling");
        double outer = config.positive("rope_theta", config.positive("rotary_emb_base", THETA));
        double theta = rope.positive("rope_theta", outer);
        double partial = rope.positive(
                "partial_rotary_factor",
                config.positive("partial_rotary_factor", config.positive("rotary_pct", share)));
        String type = rope.text("rope_type", rope.text("type", "default"));
        rope.text("type", "");
        config.require("rope_interleaved", "false");
        int original = rope.sizeOr(
                config.sizeOr(maxTokens, "original_max_position_embeddings"), "original_max_position_embeddings");
        RotaryScaling scaling =
                switch (type) {
                    case "default" -> new RotaryScaling.None();
                    case "linear" -> new RotaryScaling.Linear(needed(rope, "factor"));
                    case "dynamic" -> new RotaryScaling.Dynamic(needed(rope, "factor"), maxTokens);
                    case "llama3" ->
                        new RotaryScaling.Llama3(
                                needed(rope, "factor"),
                                needed(rope, "low_freq_factor"),
                                needed(rope, "high_freq_factor"),
                                original);
                    default ->
                        throw rope.problem(
                                "rope_type '" + Shown.value(type) + "' is not supported; supported: " + SUPPORTED);
                };
        if (!rope.unread().isEmpty()) {
            throw rope.problem(
                    "the settings " + Shown.names(rope.unread()) + " are not supported for rope_type '" + type + "'");
        }
        int channels = (int) (headWidth * partial);
        Rotary rotary = new Rotary(channels, theta, scaling);
        // So many channels that pairs of them overflow do not fit either.
        if (channels < 1 || channels > headWidth || 2 * rotary.pairs() > headWidth) {
            throw config.problem("rotary positions turn pairs of " + channels + " of a head's " + headWidth
                    + " channels; they do not fit");
        }
        return rotary;
    }

    private static double needed(ConfigJson rope, String key) {
        if (!rope.has(key)) {
            throw rope.problem(key + " is missing");
        }
        return rope.positive(key, 1);
    }
}
