package dev.chorus.model.block;

import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.Architecture.BlockOrder;
import dev.chorus.model.family.Part;
import dev.chorus.model.family.TensorNames;
import dev.chorus.model.weights.Weights;
import org.bytedeco.pytorch.Tensor;

/** One transformer block: attention and a feed-forward part, with norms, added to the residual stream. */
public final class Block {
    private final BlockOrder order;
    private final Attention attention;
    private final Mlp mlp;
    private final Norm attentionNorm;
    private final Norm mlpNorm;
    private final Norm afterAttention;
    private final Norm afterMlp;

    /** The block of this layer. */
    public Block(Architecture architecture, TensorNames names, Weights weights, int layer) {
        order = architecture.order();
        attention = new Attention(architecture, names, weights, layer);
        mlp = new Mlp(architecture, names, weights, layer);
        attentionNorm = norm(architecture, names, weights, layer, Part.ATTENTION_NORM);
        mlpNorm = norm(architecture, names, weights, layer, Part.MLP_NORM);
        boolean twice = order == BlockOrder.SANDWICH;
        afterAttention = twice ? norm(architecture, names, weights, layer, Part.AFTER_ATTENTION_NORM) : null;
        afterMlp = twice ? norm(architecture, names, weights, layer, Part.AFTER_MLP_NORM) : null;
    }

    private static Norm norm(Architecture architecture, TensorNames names, Weights weights, int layer, Part part) {
        return new Norm(architecture.norm(), weights, names.module(layer, part), architecture.width());
    }

    /** The residual stream x [N, C] f32 to the same, one block further. */
    public Tensor of(Tensor x, PassContext pass) {
        return switch (order) {
            case PRE -> {
                Tensor y = x.add(attend(attentionNorm.of(x), pass));
                yield y.add(feed(mlpNorm.of(y), pass));
            }
            case POST -> {
                Tensor y = attentionNorm.of(x.add(attend(x, pass)));
                yield mlpNorm.of(y.add(feed(y, pass)));
            }
            case PARALLEL -> x.add(attend(attentionNorm.of(x), pass)).add(feed(mlpNorm.of(x), pass));
            case SANDWICH -> {
                Tensor y = x.add(afterAttention.of(attend(attentionNorm.of(x), pass)));
                yield y.add(afterMlp.of(feed(mlpNorm.of(y), pass)));
            }
            case NORMED_RESIDUAL -> {
                Tensor h = attentionNorm.of(x);
                Tensor g = mlpNorm.of(h.add(attend(h, pass)));
                yield g.add(feed(g, pass));
            }
        };
    }

    /** The same without gradients, on a stream that is changed in place. */
    public void of(ResidualStream stream, PassContext pass) {
        switch (order) {
            case PRE -> {
                stream.add(attention.of(attentionNorm.of(stream, pass), pass));
                stream.add(mlp.of(mlpNorm.of(stream, pass), pass));
            }
            case PARALLEL -> {
                Tensor attended = attention.of(attentionNorm.of(stream, pass), pass);
                Tensor fed = mlp.of(mlpNorm.of(stream, pass), pass);
                stream.add(attended);
                stream.add(fed);
            }
            case SANDWICH -> {
                stream.add(afterAttention.of(attention.of(attentionNorm.of(stream, pass), pass)));
                stream.add(afterMlp.of(mlp.of(mlpNorm.of(stream, pass), pass)));
            }
            case POST, NORMED_RESIDUAL -> stream.replace(of(stream.settle(), pass));
        }
    }

    private Tensor attend(Tensor x, PassContext pass) {
        return attention.of(pass.compute(x), pass);
    }

    private Tensor feed(Tensor x, PassContext pass) {
        return mlp.of(pass.compute(x), pass);
    }
}
