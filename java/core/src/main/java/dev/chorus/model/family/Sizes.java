package dev.chorus.model.family;

/**
 * The sizes that most configs spell alike.
 *
 * @param width     C
 * @param layers    blocks
 * @param heads     query heads
 * @param keyHeads  key-value heads
 * @param headWidth channels of a head
 * @param inner     channels of the feed-forward part
 * @param vocab     V
 * @param maxTokens longest sequence
 */
record Sizes(int width, int layers, int heads, int keyHeads, int headWidth, int inner, int vocab, int maxTokens) {
    /**
     * Reads them in Llama's spelling.
     *
     * @param keyHeadsIfMissing  what the family takes if the config does not say; 0 for as many as heads
     * @param headWidthIfMissing what the family takes if the config does not say; 0 for the width by the heads
     */
    static Sizes read(ConfigJson config, int keyHeadsIfMissing, int headWidthIfMissing) {
        int width = config.size("hidden_size");
        int heads = config.size("num_attention_heads");
        int keyHeads = config.sizeOr(keyHeadsIfMissing > 0 ? keyHeadsIfMissing : heads, heads, "num_key_value_heads");
        if (heads % keyHeads != 0) {
            throw config.problem(
                    "num_attention_heads " + heads + " is not a multiple of num_key_value_heads " + keyHeads);
        }
        return new Sizes(
                width,
                config.size("num_hidden_layers"),
                heads,
                keyHeads,
                headWidth(config, width, heads, headWidthIfMissing),
                config.size("intermediate_size"),
                config.size("vocab_size"),
                config.size("max_position_embeddings"));
    }

    private static int headWidth(ConfigJson config, int width, int heads, int missing) {
        if (config.has("head_dim")) {
            return config.size("head_dim");
        }
        return missing > 0 && !config.contains("head_dim") ? missing : quotient(config, width, heads);
    }

    /** Channels of a head where the config does not name them. */
    static int quotient(ConfigJson config, int width, int heads) {
        if (width % heads != 0) {
            throw config.problem("the width " + width + " is not a multiple of the " + heads + " heads");
        }
        return width / heads;
    }
}
