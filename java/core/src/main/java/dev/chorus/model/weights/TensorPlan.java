package dev.chorus.model.weights;

import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.Architecture.BlockOrder;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.family.Part;
import dev.chorus.model.family.Positions;
import dev.chorus.model.family.TensorNames;
import java.util.ArrayList;
import java.util.List;

/** Which tensors a config asks for, with their shapes and what they start from. */
public final class TensorPlan {
    private static final double INITIAL_DEVIATION = 0.02;

    private final Architecture shape;
    private final TensorNames names;
    private final List<TensorSpec> specs = new ArrayList<>();

    private TensorPlan(ModelConfig config) {
        shape = config.architecture();
        names = config.family().names();
    }

    /** In the order of the data's way through the model; dense weights are [out, in], or [in, out] if they are transposed. */
    public static List<TensorSpec> of(ModelConfig config) {
        TensorPlan plan = new TensorPlan(config);
        plan.embedding();
        for (int layer = 0; layer < plan.shape.layers(); layer++) {
            plan.attention(layer);
            plan.mlp(layer);
        }
        plan.heads();
        return List.copyOf(plan.specs);
    }

    private void embedding() {
        int e = shape.embedding().width();
        add(names.module(Part.EMBEDDING), INITIAL_DEVIATION, shape.vocabSize(), e);
        if (e != shape.width()) {
            add(names.module(Part.PROJECT_IN), INITIAL_DEVIATION, shape.width(), e);
        }
        if (shape.attention().positions() instanceof Positions.Learned learned) {
            add(names.module(Part.POSITIONS), INITIAL_DEVIATION, shape.maxTokens() + learned.offset(), shape.width());
        }
        if (shape.embedding().norm()) {
            norm(names.module(Part.EMBEDDING_NORM));
        }
    }

    private void attention(int layer) {
        Architecture.Attention attention = shape.attention();
        norm(names.module(layer, Part.ATTENTION_NORM));
        if (attention.layout() == Architecture.QkvLayout.SEPARATE) {
            dense(layer, Part.QUERY, shape.width(), attention.queryWidth(), attention.qkvBias(), INITIAL_DEVIATION);
            dense(layer, Part.KEY, shape.width(), attention.keyWidth(), attention.qkvBias(), INITIAL_DEVIATION);
            dense(layer, Part.VALUE, shape.width(), attention.keyWidth(), attention.qkvBias(), INITIAL_DEVIATION);
        } else {
            int outputs = attention.queryWidth() + 2 * attention.keyWidth();
            dense(layer, Part.QKV, shape.width(), outputs, attention.qkvBias(), INITIAL_DEVIATION);
        }
        if (attention.headNorm()) {
            constant(names.module(layer, Part.QUERY_NORM) + ".weight", 1, attention.headWidth());
            constant(names.module(layer, Part.KEY_NORM) + ".weight", 1, attention.headWidth());
        }
        dense(layer, Part.ATTENTION_OUT, attention.queryWidth(), shape.width(), attention.outBias(), residual());
        if (shape.order() == BlockOrder.SANDWICH) {
            norm(names.module(layer, Part.AFTER_ATTENTION_NORM));
        }
    }

    private void mlp(int layer) {
        Architecture.Mlp mlp = shape.mlp();
        norm(names.module(layer, Part.MLP_NORM));
        if (mlp.joined()) {
            dense(layer, Part.GATE_UP, shape.width(), 2 * mlp.inner(), mlp.bias(), INITIAL_DEVIATION);
        } else {
            if (mlp.gated()) {
                dense(layer, Part.GATE, shape.width(), mlp.inner(), mlp.bias(), INITIAL_DEVIATION);
            }
            dense(layer, Part.UP, shape.width(), mlp.inner(), mlp.bias(), INITIAL_DEVIATION);
        }
        dense(layer, Part.DOWN, mlp.inner(), shape.width(), mlp.bias(), residual());
        if (shape.order() == BlockOrder.SANDWICH) {
            norm(names.module(layer, Part.AFTER_MLP_NORM));
        }
    }

    private void heads() {
        int e = shape.embedding().width();
        if (shape.finalNorm()) {
            norm(names.module(Part.FINAL_NORM));
        }
        if (e != shape.width()) {
            add(names.module(Part.PROJECT_OUT), INITIAL_DEVIATION, e, shape.width());
        }
        if (shape.labels() > 0) {
            add(names.module(Part.SCORE), INITIAL_DEVIATION, shape.labels(), e);
        } else if (!shape.head().tied()) {
            add(names.module(Part.HEAD), INITIAL_DEVIATION, shape.vocabSize(), e);
        }
    }

    /** Projections into the residual stream start smaller, the deeper the model (Radford et al. 2019, section 2.3). */
    private double residual() {
        return INITIAL_DEVIATION / Math.sqrt(2.0 * shape.layers());
    }

    private void dense(int layer, Part part, int from, int to, boolean bias, double deviation) {
        String module = names.module(layer, part);
        if (shape.transposed()) {
            add(module, deviation, from, to);
        } else {
            add(module, deviation, to, from);
        }
        if (bias) {
            constant(module + ".bias", 0, to);
        }
    }

    private void norm(String module) {
        if (shape.norm().affine()) {
            constant(module + ".weight", 1 - shape.norm().offset(), shape.width());
        }
        if (shape.norm().bias()) {
            constant(module + ".bias", 0, shape.width());
        }
    }

    private void add(String module, double deviation, long... sizes) {
        specs.add(TensorSpec.normal(module + ".weight", deviation, sizes));
    }

    private void constant(String name, double value, long... sizes) {
        specs.add(TensorSpec.constant(name, value, sizes));
    }
}
