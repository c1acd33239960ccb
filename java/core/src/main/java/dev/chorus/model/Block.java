package dev.chorus.model;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** One transformer block: attention and an MLP, each behind a layer norm, each added to the residual stream. */
final class Block {
    private final int heads;
    private final int headWidth;
    private final int width;
    private final LayerNorm attentionNorm;
    private final LayerNorm mlpNorm;
    private final Projection qkv;
    private final Projection attentionOut;
    private final Projection mlpIn;
    private final Projection mlpOut;

    /** x W + b with W [in, out], the orientation of GPT-2's checkpoints. */
    private record Projection(Tensor weight, Tensor bias) {
        static Projection of(Parameters parameters, String name) {
            return new Projection(parameters.get(name + ".weight"), parameters.get(name + ".bias"));
        }

        Tensor of(Tensor x) {
            return torch.addmm(bias, x, weight, new Scalar(1), new Scalar(1));
        }
    }

    Block(DecoderConfig config, Parameters parameters, int layer) {
        heads = config.heads();
        headWidth = config.headWidth();
        width = config.width();
        String block = "transformer.h." + layer + ".";
        attentionNorm = new LayerNorm(parameters, block + "ln_1", config);
        qkv = Projection.of(parameters, block + "attn.c_attn");
        attentionOut = Projection.of(parameters, block + "attn.c_proj");
        mlpNorm = new LayerNorm(parameters, block + "ln_2", config);
        mlpIn = Projection.of(parameters, block + "mlp.c_fc");
        mlpOut = Projection.of(parameters, block + "mlp.c_proj");
    }

    /** x [N, C] to [N, C]; keys and values go to the cache's layer too, if there is one. */
    Tensor forward(Tensor x, Packing packing, PrefixCache.Layer cache) {
        int s = packing.sequences();
        int t = packing.longest();
        // unbind, not three selects: its gradient is one stack, theirs are three tensors of zeros that are then added.
        TensorVector parts = packing.pad(qkv.of(attentionNorm.of(x)))
                .view(s, t, 3, heads, headWidth)
                .permute(2, 0, 3, 1, 4)
                .unbind(0);
        Tensor q = parts.get(0);
        Tensor k = parts.get(1);
        Tensor v = parts.get(2);
        if (cache != null) {
            cache.fill(k, v);
        }
        Tensor attended = torch.scaled_dot_product_attention(
                        q, k, v, new TensorOptional(), 0, true, new DoubleOptional(), false)
                .transpose(1, 2)
                .reshape((long) s * t, width);
        Tensor y = x.add(attentionOut.of(packing.unpad(attended)));
        return y.add(mlp(y));
    }

    /** One further token a row: x [rows, C]; its key and value are appended to the cache. */
    Tensor step(Tensor x, Tensor mask, PrefixCache.Layer layer, PrefixCache cache) {
        long rows = x.size(0);
        TensorVector parts = qkv.of(attentionNorm.of(x))
                .view(rows, 3, heads, headWidth)
                .permute(1, 0, 2, 3)
                .unbind(0);
        layer.append(parts.get(1), parts.get(2), cache.step());
        long known = cache.known();
        Tensor attended = torch.scaled_dot_product_attention(
                        parts.get(0).unsqueeze(2),
                        layer.keys().narrow(2, 0, known),
                        layer.values().narrow(2, 0, known),
                        new TensorOptional(mask),
                        0,
                        false,
                        new DoubleOptional(),
                        false)
                .reshape(rows, width);
        Tensor y = x.add(attentionOut.of(attended));
        return y.add(mlp(y));
    }

    private Tensor mlp(Tensor y) {
        return mlpOut.of(torch.gelu(mlpIn.of(mlpNorm.of(y)), "tanh"));
    }
}
