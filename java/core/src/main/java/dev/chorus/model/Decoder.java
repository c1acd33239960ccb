package dev.chorus.model;

import dev.chorus.kernels.LanguageHead;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A causal transformer decoder (GPT-2's block: layer norm first, learned positions) on LibTorch, in float32.
 *
 * <p>Tokens are flat [N]: every dense layer sees real tokens only, and only inside attention are they scattered into
 * [S, heads, Tmax, d] and gathered back. Causal attention with the padding behind the real tokens needs no mask: no
 * real query looks behind itself.
 *
 * <p>Why this block among the families: on a CPU, LibTorch has layer norm and GELU as one operator each way, where RMS
 * norm, rotary positions and a gated MLP are a dozen passes over memory more.
 *
 * <p>Results are attached to the caller's {@link Scope}. Not thread-safe; owns its parameters until {@link #close}.
 */
public final class Decoder implements AutoCloseable {
    private static final double INITIAL_DEVIATION = 0.02;

    private final DecoderConfig config;
    private final Parameters parameters;
    private final List<Block> blocks = new ArrayList<>();
    private final Tensor embedding;
    private final Tensor positions;
    private final LayerNorm finalNorm;
    private final Tensor score;

    private Decoder(DecoderConfig config) {
        this.config = config;
        parameters = new Parameters(specs(config));
        embedding = parameters.get("transformer.wte.weight");
        positions = parameters.get("transformer.wpe.weight");
        finalNorm = new LayerNorm(parameters, "transformer.ln_f", config);
        score = config.labels() > 0 ? parameters.get("score.weight") : null;
        for (int i = 0; i < config.layers(); i++) {
            blocks.add(new Block(config, parameters, i));
        }
    }

    /** A new decoder whose parameters are a function of the seed and their names. */
    public static Decoder initialise(DecoderConfig config, long seed) {
        Decoder decoder = new Decoder(config);
        decoder.parameters.initialise(seed);
        return decoder;
    }

    /** A decoder of zeros, to be filled from a checkpoint. */
    static Decoder blank(DecoderConfig config) {
        return new Decoder(config);
    }

    /**
     * A classifier over this decoder's blocks: the parameters are copied, the language-model head is left behind, and a
     * head of {@code labels} classes is initialised from the seed.
     */
    public Decoder withClassificationHead(int labels, long seed) {
        Decoder classifier = initialise(config.withLabels(labels), seed);
        for (String name : parameters.names()) {
            classifier.parameters.write(name, parameters.read(name));
        }
        return classifier;
    }

    /** A copy with its own parameters. */
    public Decoder copy() {
        Decoder copy = new Decoder(config);
        for (String name : parameters.names()) {
            copy.parameters.write(name, parameters.read(name));
        }
        return copy;
    }

    /** The shape. */
    public DecoderConfig config() {
        return config;
    }

    /** The trained values, their gradients, and their checkpoint names. */
    public Parameters parameters() {
        return parameters;
    }

    /**
     * The final hidden states.
     *
     * @return [N, C] float32, after the final norm
     * @throws IllegalArgumentException if a sequence is longer than the positions, or an id is outside the vocabulary
     */
    public Tensor hidden(FlatBatch batch) {
        return hidden(batch, null);
    }

    /** As {@link #hidden(FlatBatch)}; every block's keys and values are kept in the cache as well. */
    Tensor hidden(FlatBatch batch, PrefixCache cache) {
        check(batch);
        Tensor x = embed(batch.ids(), batch.positions());
        Packing packing = Packing.of(batch);
        for (int i = 0; i < blocks.size(); i++) {
            x = blocks.get(i).forward(x, packing, cache == null ? null : cache.layer(i));
        }
        return finalNorm.of(x);
    }

    /** One further token for every row of a cache: its hidden state [rows, C]. */
    Tensor nextHidden(long[] ids, PrefixCache cache) {
        Tensor x = embed(ids, cache.nextPositions());
        Tensor mask = cache.attentionMask();
        for (int i = 0; i < blocks.size(); i++) {
            x = blocks.get(i).step(x, mask, cache.layer(i), cache);
        }
        return finalNorm.of(x);
    }

    /**
     * Language-model logits of chosen rows of the hidden states.
     *
     * @param hidden [N, C]
     * @param rows   [M] indexes into N
     * @return [M, V]
     */
    public Tensor logits(Tensor hidden, long[] rows) {
        return logits(hidden.index_select(0, Tensors.longs(rows, rows.length)));
    }

    /** Language-model logits [M, V] of hidden states [M, C]. */
    Tensor logits(Tensor hidden) {
        requireLanguageModel();
        return torch.linear(hidden, embedding);
    }

    /** The language-model head, which is the token embedding, cut off from autograd; in the caller's scope. */
    public LanguageHead head() {
        requireLanguageModel();
        return LanguageHead.of(embedding.detach());
    }

    /** The gradients of {@link #head}: what is added to them is added to the parameters' own. */
    public LinearLogProb.Accumulators headGradients() {
        requireLanguageModel();
        return new LinearLogProb.Accumulators(embedding.grad(), null);
    }

    private void requireLanguageModel() {
        if (score != null) {
            throw new IllegalStateException(
                    "this decoder is a classifier of " + config.labels() + " classes, it has no language-model head");
        }
    }

    /** Class logits [S, K] from the last token of every sequence. */
    public Tensor classLogits(FlatBatch batch) {
        if (score == null) {
            throw new IllegalStateException("this decoder is a language model, it has no classification head");
        }
        Tensor last = hidden(batch).index_select(0, Tensors.longs(batch.lastTokens(), batch.sequences()));
        return torch.linear(last, score);
    }

    @Override
    public void close() {
        parameters.close();
    }

    private Tensor embed(long[] ids, long[] places) {
        return torch.embedding(embedding, Tensors.longs(ids, ids.length))
                .add(torch.embedding(positions, Tensors.longs(places, places.length)));
    }

    private void check(FlatBatch batch) {
        if (batch.longest() > config.positions()) {
            throw new IllegalArgumentException("a sequence of " + batch.longest() + " tokens; this model takes at most "
                    + config.positions() + " (n_positions)");
        }
        for (long id : batch.ids()) {
            if (id < 0 || id >= config.vocabSize()) {
                throw new IllegalArgumentException(
                        "token id " + id + " is outside the vocabulary of " + config.vocabSize());
            }
        }
    }

    private static List<Parameters.Spec> specs(DecoderConfig config) {
        int c = config.width();
        int inner = config.inner();
        // Projections into the residual stream start smaller, the deeper the model (Radford et al. 2019, section 2.3).
        double residual = INITIAL_DEVIATION / Math.sqrt(2.0 * config.layers());
        List<Parameters.Spec> specs = new ArrayList<>();
        specs.add(Parameters.Spec.normal("transformer.wte.weight", INITIAL_DEVIATION, config.vocabSize(), c));
        specs.add(Parameters.Spec.normal("transformer.wpe.weight", INITIAL_DEVIATION, config.positions(), c));
        for (int i = 0; i < config.layers(); i++) {
            String block = "transformer.h." + i + ".";
            specs.addAll(LayerNorm.specs(block + "ln_1", c));
            specs.addAll(projection(block + "attn.c_attn", INITIAL_DEVIATION, c, 3 * c));
            specs.addAll(projection(block + "attn.c_proj", residual, c, c));
            specs.addAll(LayerNorm.specs(block + "ln_2", c));
            specs.addAll(projection(block + "mlp.c_fc", INITIAL_DEVIATION, c, inner));
            specs.addAll(projection(block + "mlp.c_proj", residual, inner, c));
        }
        specs.addAll(LayerNorm.specs("transformer.ln_f", c));
        if (config.labels() > 0) {
            specs.add(Parameters.Spec.normal("score.weight", INITIAL_DEVIATION, config.labels(), c));
        }
        return specs;
    }

    private static List<Parameters.Spec> projection(String name, double deviation, int from, int to) {
        return List.of(
                Parameters.Spec.normal(name + ".weight", deviation, from, to),
                Parameters.Spec.constant(name + ".bias", 0, to));
    }
}
