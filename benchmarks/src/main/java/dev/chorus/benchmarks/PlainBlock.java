package dev.chorus.benchmarks;

import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.Part;
import dev.chorus.model.family.TensorNames;
import dev.chorus.model.weights.Weights;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** A Llama block as one writes it down with LibTorch's operators: padded sequences [S, T, C], nothing fused by hand. */
final class PlainBlock implements AutoCloseable {
    private final Architecture architecture;
    private final Tensor attentionNorm;
    private final Tensor query;
    private final Tensor key;
    private final Tensor value;
    private final Tensor out;
    private final Tensor mlpNorm;
    private final Tensor gate;
    private final Tensor up;
    private final Tensor down;
    private final Tensor cos;
    private final Tensor sin;

    PlainBlock(Architecture architecture, TensorNames names, Weights weights, int longest) {
        this.architecture = architecture;
        attentionNorm = weight(names, weights, Part.ATTENTION_NORM);
        query = weight(names, weights, Part.QUERY);
        key = weight(names, weights, Part.KEY);
        value = weight(names, weights, Part.VALUE);
        out = weight(names, weights, Part.ATTENTION_OUT);
        mlpNorm = weight(names, weights, Part.MLP_NORM);
        gate = weight(names, weights, Part.GATE);
        up = weight(names, weights, Part.UP);
        down = weight(names, weights, Part.DOWN);
        int d = architecture.attention().headWidth();
        float[] c = new float[longest * d];
        float[] s = new float[longest * d];
        for (int t = 0; t < longest; t++) {
            for (int i = 0; i < d; i++) {
                double angle = t * Math.pow(10_000, -2.0 * (i % (d / 2)) / d);
                c[t * d + i] = (float) Math.cos(angle);
                s[t * d + i] = (float) Math.sin(angle);
            }
        }
        try (Scope scope = new Scope()) {
            cos = scope.release(Tensors.floats(c, longest, d));
            sin = scope.release(Tensors.floats(s, longest, d));
        }
    }

    private static Tensor weight(TensorNames names, Weights weights, Part part) {
        return weights.get(names.module(0, part) + ".weight");
    }

    /** x [S, T, C] to the same. */
    Tensor of(Tensor x) {
        Architecture.Attention shape = architecture.attention();
        Tensor h = norm(x, attentionNorm);
        Tensor q = rotated(heads(torch.linear(h, query), shape.heads()));
        Tensor k = repeated(rotated(heads(torch.linear(h, key), shape.keyHeads())));
        Tensor v = repeated(heads(torch.linear(h, value), shape.keyHeads()));
        Tensor attended = torch.scaled_dot_product_attention(
                        q, k, v, new TensorOptional(), 0, true, new DoubleOptional(), false)
                .transpose(1, 2)
                .reshape(x.size(0), x.size(1), shape.queryWidth());
        Tensor y = x.add(torch.linear(attended, out));
        Tensor g = norm(y, mlpNorm);
        return y.add(torch.linear(torch.silu(torch.linear(g, gate)).mul(torch.linear(g, up)), down));
    }

    /** The products of matrices of one forward, on flat tokens [N, C]. */
    void products(Tensor x) {
        torch.linear(x, query);
        torch.linear(x, key);
        torch.linear(x, value);
        torch.linear(x, out);
        torch.linear(x, gate);
        torch.linear(torch.linear(x, up), down);
    }

    private Tensor norm(Tensor x, Tensor weight) {
        return torch.rms_norm(
                x,
                new long[] {architecture.width()},
                new TensorOptional(weight),
                new DoubleOptional(architecture.norm().epsilon()));
    }

    private Tensor heads(Tensor x, int count) {
        return x.view(x.size(0), x.size(1), count, architecture.attention().headWidth())
                .transpose(1, 2);
    }

    private Tensor rotated(Tensor x) {
        long half = x.size(3) / 2;
        Tensor turned = torch.cat(
                Tensors.vector(x.narrow(3, half, half).neg(), x.narrow(3, 0, half)), 3);
        return x.mul(cos).add(turned.mul(sin));
    }

    private Tensor repeated(Tensor keys) {
        long group = architecture.attention().heads() / architecture.attention().keyHeads();
        return keys.unsqueeze(2)
                .expand(keys.size(0), keys.size(1), group, keys.size(2), keys.size(3))
                .reshape(keys.size(0), keys.size(1) * group, keys.size(2), keys.size(3));
    }

    @Override
    public void close() {
        cos.close();
        sin.close();
    }
}
