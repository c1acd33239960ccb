package dev.chorus.model.block;

import dev.chorus.kernels.PagedAttention;
import dev.chorus.model.cache.CachedTokens;
import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.Architecture.QkvLayout;
import dev.chorus.model.family.Part;
import dev.chorus.model.family.Positions;
import dev.chorus.model.family.TensorNames;
import dev.chorus.model.weights.Weights;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Causal self-attention (Vaswani et al., arXiv:1706.03762) with grouped keys, in the forms that the families have. */
final class Attention {
    private final Architecture.Attention shape;
    private final int layer;
    private final boolean alibi;
    private final double scale;
    private final int window;
    private final Projection qkv;
    private final Projection query;
    private final Projection key;
    private final Projection value;
    private final Projection out;
    private final Norm queryNorm;
    private final Norm keyNorm;

    /** Queries [N, H, d], keys and values [N, G, d], positions applied, in the pass's precision. */
    record Heads(Tensor query, Tensor key, Tensor value) {}

    Attention(Architecture architecture, TensorNames names, Weights weights, int layer) {
        shape = architecture.attention();
        alibi = shape.positions() instanceof Positions.Alibi;
        this.layer = layer;
        scale = shape.scale(layer);
        window = architecture.windows().get(layer);
        boolean transposed = architecture.transposed();
        if (shape.layout() == QkvLayout.SEPARATE) {
            qkv = null;
            query = new Projection(weights, names.module(layer, Part.QUERY), transposed);
            key = new Projection(weights, names.module(layer, Part.KEY), transposed);
            value = new Projection(weights, names.module(layer, Part.VALUE), transposed);
        } else {
            qkv = new Projection(weights, names.module(layer, Part.QKV), transposed);
            query = null;
            key = null;
            value = null;
        }
        out = new Projection(weights, names.module(layer, Part.ATTENTION_OUT), transposed);
        Architecture.Norm norm = architecture.norm();
        queryNorm = shape.headNorm()
                ? new Norm(norm, weights, names.module(layer, Part.QUERY_NORM), shape.headWidth())
                : null;
        keyNorm = shape.headNorm()
                ? new Norm(norm, weights, names.module(layer, Part.KEY_NORM), shape.headWidth())
                : null;
    }

    /** x [N, C] to [N, C], both in the pass's precision; every sequence attends to itself and to what it has in the cache. */
    Tensor of(Tensor x, PassContext pass) {
        Heads heads = heads(x, pass);
        Tensor attended = pass.cached() == null ? whole(heads, pass.packing()) : paged(heads, pass.cached());
        return out.of(attended, pass);
    }

    /** Keys and values into the cache, then attention over it: [N, H d]. */
    private Tensor paged(Heads heads, CachedTokens cached) {
        Tensor keys = cached.cache().keys(layer);
        Tensor values = cached.cache().values(layer);
        PagedAttention.append(keys, values, dense(heads.key()), dense(heads.value()), cached.slots());
        return PagedAttention.attend(
                        dense(heads.query()),
                        keys,
                        values,
                        cached.table(),
                        cached.rows(),
                        cached.lengths(),
                        new PagedAttention.Scores(scale, shape.softCap(), window, slopes()))
                .view(heads.query().size(0), shape.queryWidth());
    }

    /** Sequences that hold all of their tokens, padded to the longest: [N, H d]. */
    private Tensor whole(Heads heads, Packing packing) {
        Tensor q = padded(heads.query(), packing);
        Tensor k = repeated(padded(heads.key(), packing));
        Tensor v = repeated(padded(heads.value(), packing));
        Tensor attended = shape.softCap() > 0 ? capped(q, k, v, packing) : plain(q, k, v, packing);
        Tensor rows =
                attended.transpose(1, 2).reshape((long) packing.sequences() * packing.longest(), shape.queryWidth());
        return packing.unpad(rows);
    }

    /** The projections of x [N, C], normed and turned. */
    Heads heads(Tensor x, PassContext pass) {
        Heads heads = projected(x, pass);
        Tensor q = heads.query();
        Tensor k = heads.key();
        if (shape.headNorm()) {
            q = pass.compute(queryNorm.of(q));
            k = pass.compute(keyNorm.of(k));
        }
        if (pass.rotation() != null && pass.inference()) {
            // A fresh product, or a copy of one whose heads lay apart.
            q = dense(q);
            k = dense(k);
            pass.rotation().turn(q);
            pass.rotation().turn(k);
        } else if (pass.rotation() != null) {
            q = pass.rotation().of(q);
            k = pass.rotation().of(k);
        }
        return new Heads(q, k, heads.value());
    }

    private Heads projected(Tensor x, PassContext pass) {
        long n = x.size(0);
        int h = shape.heads();
        int g = shape.keyHeads();
        int d = shape.headWidth();
        return switch (shape.layout()) {
            case SEPARATE ->
                new Heads(
                        query.of(x, pass).view(n, h, d),
                        key.of(x, pass).view(n, g, d),
                        value.of(x, pass).view(n, g, d));
            case JOINED -> {
                TensorVector parts =
                        qkv.of(x, pass).split(new long[] {shape.queryWidth(), shape.keyWidth(), shape.keyWidth()}, 1);
                yield new Heads(
                        parts.get(0).view(n, h, d),
                        parts.get(1).view(n, g, d),
                        parts.get(2).view(n, g, d));
            }
            case PER_HEAD -> {
                // unbind, not three selects: its gradient is one stack, theirs are three tensors of zeros that are then
                // added.
                TensorVector parts = qkv.of(x, pass).view(n, h, 3, d).unbind(2);
                yield new Heads(parts.get(0), parts.get(1), parts.get(2));
            }
        };
    }

    /** [H] f32 for ALiBi, null without. */
    private Tensor slopes() {
        return alibi
                ? Tensors.floats(new double[][] {Positions.Alibi.slopes(shape.heads())}, shape.heads())
                        .view(shape.heads())
                : null;
    }

    /** Heads of one token side by side, as the kernel reads them. */
    private Tensor dense(Tensor heads) {
        return shape.layout() == QkvLayout.PER_HEAD ? heads.contiguous() : heads;
    }

    /** [N, heads, d] to [S, heads, Tmax, d]. */
    private Tensor padded(Tensor heads, Packing packing) {
        return packing.pad(heads.reshape(heads.size(0), heads.size(1) * heads.size(2)))
                .view(packing.sequences(), packing.longest(), heads.size(1), heads.size(2))
                .transpose(1, 2);
    }

    /** [S, G, Tmax, d] to [S, H, Tmax, d]. */
    private Tensor repeated(Tensor keys) {
        int group = shape.heads() / shape.keyHeads();
        return group == 1 ? keys : keys.repeat_interleave(group, new LongOptional(1), new LongOptional());
    }

    private Tensor plain(Tensor q, Tensor k, Tensor v, Packing packing) {
        Tensor mask = packing.mask(window);
        return torch.scaled_dot_product_attention(
                q,
                k,
                v,
                mask == null ? new TensorOptional() : new TensorOptional(mask.to(q.scalar_type())),
                0,
                mask == null,
                new DoubleOptional(scale),
                false);
    }

    /** With capped scores, which LibTorch's operator does not have. */
    private Tensor capped(Tensor q, Tensor k, Tensor v, Packing packing) {
        Tensor scores = q.matmul(k.transpose(2, 3)).to(ScalarType.Float).mul(new Scalar(scale / shape.softCap()));
        Tensor masked = scores.tanh().mul(new Scalar(shape.softCap())).add(packing.mask(window));
        return torch.softmax(masked, -1).to(v.scalar_type()).matmul(v);
    }
}
