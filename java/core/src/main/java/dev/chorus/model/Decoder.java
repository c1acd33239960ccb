package dev.chorus.model;

import dev.chorus.kernels.HeadGradients;
import dev.chorus.kernels.LanguageHead;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.block.Block;
import dev.chorus.model.block.Norm;
import dev.chorus.model.block.Packing;
import dev.chorus.model.block.PassContext;
import dev.chorus.model.block.Projection;
import dev.chorus.model.block.ResidualStream;
import dev.chorus.model.block.Rotation;
import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.family.Part;
import dev.chorus.model.family.Positions;
import dev.chorus.model.family.TensorNames;
import dev.chorus.model.weights.Adapter;
import dev.chorus.model.weights.Adapter.LowRank;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Parameters;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.Weights;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A causal transformer decoder of any supported family, on LibTorch.
 *
 * <p>Tokens are flat [N]: every dense layer sees real tokens only, and only inside attention are they scattered into
 * [S, heads, Tmax, d] and gathered back. The residual stream, norms and softmax are f32; matrix products have the decoder's
 * {@link Precision}. Trained weights are f32 always, and are rounded for a product in bf16 (Micikevicius et al.,
 * arXiv:1710.03740); dropout that a config names is not applied.
 *
 * <p>Results are attached to the caller's {@code Scope}. Not thread-safe; owns its weights until {@link #close}.
 */
public final class Decoder implements AutoCloseable {
    private final ModelConfig config;
    private final Architecture shape;
    private final TensorNames names;
    private final Weights weights;
    private final Precision precision;
    private final List<Block> blocks = new ArrayList<>();
    private final Tensor embedding;
    private final Tensor positions;
    private final Norm embeddingNorm;
    private final Projection projectIn;
    private final Norm finalNorm;
    private final Projection projectOut;
    private Adapter adapter;
    private boolean checkpointing;

    /**
     * A decoder over these weights, which it owns from now on.
     *
     * @param weights   of the names and shapes that {@link TensorPlan} lists
     * @param precision of matrix products
     */
    public Decoder(ModelConfig config, Weights weights, Precision precision) {
        this.config = config;
        this.weights = weights;
        this.precision = precision;
        shape = config.architecture();
        names = config.family().names();
        embedding = weights.get(names.module(Part.EMBEDDING) + ".weight");
        positions = shape.attention().positions() instanceof Positions.Learned
                ? weights.get(names.module(Part.POSITIONS) + ".weight")
                : null;
        embeddingNorm = shape.embedding().norm() ? norm(Part.EMBEDDING_NORM) : null;
        finalNorm = shape.finalNorm() ? norm(Part.FINAL_NORM) : null;
        boolean narrow = shape.embedding().width() != shape.width();
        projectIn = narrow ? new Projection(weights, names.module(Part.PROJECT_IN), false) : null;
        projectOut = narrow ? new Projection(weights, names.module(Part.PROJECT_OUT), false) : null;
        for (int layer = 0; layer < shape.layers(); layer++) {
            blocks.add(new Block(shape, names, weights, layer));
        }
    }

    /** A new decoder, f32, whose parameters are a function of the seed and their names. */
    public static Decoder initialise(ModelConfig config, long seed) {
        Decoder decoder = blank(config);
        decoder.parameters().initialise(seed);
        return decoder;
    }

    /** A decoder of zeros to be trained, f32. */
    static Decoder blank(ModelConfig config) {
        return new Decoder(config, Weights.trained(TensorPlan.of(config)), Precision.F32);
    }

    /**
     * A classifier over this decoder's blocks: the trained parameters are copied, the language-model head is left behind, and
     * a head of {@code labels} classes is initialised from the seed.
     */
    public Decoder withClassificationHead(int labels, long seed) {
        ModelConfig labelled = config.withLabels(labels);
        Decoder classifier = new Decoder(labelled, Weights.trained(TensorPlan.of(labelled)), precision);
        copyInto(classifier);
        // A large model's copied tensors must not be drawn first.
        classifier.parameters().initialise(seed, name -> !weights.has(name));
        return classifier;
    }

    /** A copy with its own parameters, which are trained ones. */
    public Decoder copy() {
        Decoder copy = new Decoder(config, Weights.trained(TensorPlan.of(config)), precision);
        copyInto(copy);
        return copy;
    }

    private void copyInto(Decoder other) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            for (String name : other.parameters().names()) {
                if (weights.has(name)) {
                    other.parameters().get(name).copy_(weights.get(name));
                }
            }
        }
    }

    /**
     * Puts a new adapter beside the frozen weights; from now on it is what {@link #parameters} trains.
     *
     * @throws IllegalStateException    if the weights are trained themselves, or there is an adapter already
     * @throws IllegalArgumentException if a target names no projection
     */
    public Adapter adapt(LoraConfig lora, long seed) {
        return adapt(Adapter.initialise(config, lora, seed));
    }

    /** As {@link #adapt(LoraConfig, long)} with a given adapter, which the decoder owns from now on. */
    public Adapter adapt(Adapter given) {
        if (weights.parameters().isPresent() || adapter != null) {
            given.close();
            throw new IllegalStateException(
                    adapter != null
                            ? "this decoder has an adapter already"
                            : "an adapter stands beside frozen weights; open the folder frozen, not for training");
        }
        adapter = given;
        return adapter;
    }

    /** The adapter, if there is one. */
    public Optional<Adapter> adapter() {
        return Optional.ofNullable(adapter);
    }

    /**
     * Whether a training pass keeps only what goes into every block and computes the rest again on its way back (Chen et al.,
     * arXiv:1604.06174). The gradients are the same to the last bit.
     */
    public void checkpointing(boolean on) {
        checkpointing = on;
    }

    /** A weight with what the adapter adds to it, in the weight's dtype; in the caller's scope. */
    public Tensor merged(String name) {
        Tensor weight = weights.get(name);
        Optional<LowRank> added = adapter == null
                ? Optional.empty()
                : adapter.of(name.replaceFirst("\\.weight$", "")).filter(any -> name.endsWith(".weight"));
        return added.map(lora -> {
                    try (Tensors.GradientMode off = Tensors.withoutGradients()) {
                        Tensor delta = lora.up().matmul(lora.down()).mul(new Scalar(lora.scale()));
                        Tensor oriented = shape.transposed() ? delta.t() : delta;
                        return weight.to(ScalarType.Float).add(oriented).to(weight.scalar_type());
                    }
                })
                .orElse(weight);
    }

    /** The config. */
    public ModelConfig config() {
        return config;
    }

    /** What is computed. */
    public Architecture architecture() {
        return shape;
    }

    /** Precision of matrix products. */
    public Precision precision() {
        return precision;
    }

    /** All tensors by name. */
    public Weights weights() {
        return weights;
    }

    /**
     * The trained values, their gradients, and their checkpoint names: the adapter's if there is one.
     *
     * @throws IllegalStateException if nothing here is trained
     */
    public Parameters parameters() {
        if (adapter != null) {
            return adapter.parameters();
        }
        return weights.parameters()
                .orElseThrow(() -> new IllegalStateException(
                        "these weights are frozen; load the folder for training, or add an adapter"));
    }

    /**
     * The final hidden states, with the graph that leads to them if gradients are recorded.
     *
     * @return [N, E] in the decoder's precision, as the head takes them
     * @throws IllegalArgumentException if a sequence is longer than the learned positions, or an id is outside the vocabulary
     */
    public Tensor hidden(FlatBatch batch) {
        check(batch.longest(), batch.ids());
        PassContext pass = context(batch, null);
        return finish(through(embed(batch.ids(), batch.positions(), pass), pass), pass);
    }

    /**
     * Reads further tokens of sequences whose earlier ones lie in a cache; without gradients.
     *
     * @return [N, E] in the decoder's precision, as {@link #hidden}
     * @throws IllegalArgumentException as {@link #hidden}
     */
    public Tensor read(CachedBatch batch) {
        long[] ids = batch.ids();
        check(Arrays.stream(batch.lengths()).max().orElse(0), ids);
        try (Tensors.GradientMode off = Tensors.withoutGradients()) {
            Rotation rotation = rotation(batch.positions(), batch.lengths());
            PassContext pass =
                    new PassContext(null, batch.tokensForAttention(), rotation, precision, activeAdapter(), null);
            ResidualStream stream = new ResidualStream(embed(ids, batch.positions(), pass));
            for (Block block : blocks) {
                block.of(stream, pass);
            }
            Tensor low = finalNorm == null ? stream.settle().to(precision.type()) : finalNorm.of(stream, pass);
            return projectOut == null ? low : projectOut.of(low, pass);
        }
    }

    /**
     * A training pass.
     *
     * @param dropout stream of the adapters' dropout, one a pass; a mask is a function of it and the place in the model
     * @throws IllegalStateException if nothing here is trained
     */
    public Pass forward(FlatBatch batch, CounterRandom dropout) {
        check(batch.longest(), batch.ids());
        // The gradients' buffer must be there before autograd looks for it.
        parameters().gradients();
        PassContext pass = context(batch, dropout);
        Tensor x = embed(batch.ids(), batch.positions(), pass);
        return checkpointing
                ? Pass.checkpointed(x, blocks, pass, last -> finish(last, pass))
                : Pass.of(finish(through(x, pass), pass));
    }

    private Tensor through(Tensor x, PassContext pass) {
        Tensor y = x;
        for (Block block : blocks) {
            y = block.of(y, pass);
        }
        return y;
    }

    /** From the residual stream to what the head takes. */
    Tensor finish(Tensor x, PassContext pass) {
        Tensor y = finalNorm == null ? x : finalNorm.of(x);
        Tensor low = y.to(precision.type());
        return projectOut == null ? low : projectOut.of(low, pass);
    }

    /** The residual stream's start, [N, C] f32. */
    private Tensor embed(long[] ids, long[] places, PassContext pass) {
        Tensor x = torch.embedding(embedding, Tensors.longs(ids, ids.length));
        if (projectIn != null) {
            x = projectIn.of(x.to(precision.type()), pass);
        }
        x = x.to(ScalarType.Float);
        if (shape.embedding().scale() != 1) {
            x = x.mul(new Scalar(shape.embedding().scale()));
        }
        if (shape.attention().positions() instanceof Positions.Learned learned) {
            long[] rows =
                    Arrays.stream(places).map(place -> place + learned.offset()).toArray();
            x = x.add(torch.embedding(positions, Tensors.longs(rows, rows.length)));
        }
        return embeddingNorm == null ? x : embeddingNorm.of(x);
    }

    private PassContext context(FlatBatch batch, CounterRandom dropout) {
        Rotation rotation = rotation(batch.positions(), batch.lengths());
        return new PassContext(Packing.of(batch.offsets(), shape), null, rotation, precision, activeAdapter(), dropout);
    }

    private Rotation rotation(long[] places, int[] lengths) {
        return shape.attention().positions() instanceof Positions.Rotary rotary
                ? Rotation.of(rotary, places, lengths)
                : null;
    }

    private Adapter activeAdapter() {
        return adapter != null && adapter.active() ? adapter : null;
    }

    /**
     * Language-model logits of chosen rows of the hidden states.
     *
     * @param hidden [N, E]
     * @param rows   [M] indexes into N
     * @return [M, V] f32
     */
    public Tensor logits(Tensor hidden, long[] rows) {
        return logits(hidden.index_select(0, Tensors.longs(rows, rows.length)));
    }

    /** Language-model logits [M, V], f32, of hidden states [M, E]. */
    public Tensor logits(Tensor hidden) {
        return capped(torch.linear(hidden, headWeight().to(precision.type())));
    }

    /** As {@link #logits(Tensor)} without gradients, for the few rows of a step of generation. */
    public Tensor nextLogits(Tensor hidden) {
        return capped(Projection.inference(hidden, headWeight().to(precision.type()), null));
    }

    private Tensor capped(Tensor logits) {
        Tensor z = logits.to(ScalarType.Float);
        double cap = shape.head().softCap();
        return cap > 0 ? z.div(new Scalar(cap)).tanh().mul(new Scalar(cap)) : z;
    }

    /** The language-model head in the decoder's precision, cut off from autograd; in the caller's scope. */
    public LanguageHead head() {
        Tensor weight = headWeight().detach().to(precision.type());
        return new LanguageHead(weight, null, 1, shape.head().softCap());
    }

    /** The gradients of {@link #head}: what is added to them is added to the parameters' own; null if it is not trained. */
    public HeadGradients headGradients() {
        headWeight();
        return weights.parameters()
                .map(trained -> new HeadGradients(trained.gradient(headName()), null))
                .orElse(null);
    }

    private Tensor headWeight() {
        if (shape.labels() > 0) {
            throw new IllegalStateException(
                    "this decoder is a classifier of " + shape.labels() + " classes, it has no language-model head");
        }
        return weights.get(headName());
    }

    private String headName() {
        return names.module(shape.head().tied() ? Part.EMBEDDING : Part.HEAD) + ".weight";
    }

    /** Class logits [S, K], f32, from the hidden state [N, E] of the last token of every sequence. */
    public Tensor classLogits(Tensor hidden, FlatBatch batch) {
        if (shape.labels() == 0) {
            throw new IllegalStateException("this decoder is a language model, it has no classification head");
        }
        Tensor last = hidden.index_select(0, Tensors.longs(batch.lastTokens(), batch.sequences()));
        Tensor score = weights.get(names.module(Part.SCORE) + ".weight");
        return torch.linear(last, score.to(precision.type())).to(ScalarType.Float);
    }

    @Override
    public void close() {
        if (adapter != null) {
            adapter.close();
        }
        weights.close();
    }

    private Norm norm(Part part) {
        return new Norm(shape.norm(), weights, names.module(part), shape.width());
    }

    /** Refuses what the tables have no row for. */
    private void check(int longest, long[] ids) {
        if (longest > shape.hardLimit()) {
            throw new IllegalArgumentException("a sequence of " + longest + " tokens; this model takes at most "
                    + shape.hardLimit() + ", which is its table of positions");
        }
        for (long id : ids) {
            if (id < 0 || id >= shape.vocabSize()) {
                throw new IllegalArgumentException(
                        "token id " + id + " is outside the vocabulary of " + shape.vocabSize());
            }
        }
    }
}
