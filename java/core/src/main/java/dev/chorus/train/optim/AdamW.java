package dev.chorus.train.optim;

import dev.chorus.model.weights.Parameters;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * AdamW (Loshchilov and Hutter, arXiv:1711.05101) over a model's flat parameter buffer, with betas 0.9 and 0.999.
 *
 * <p>Six operators over one array, whatever the number of tensors. Owns its moments until {@link #close}.
 */
public final class AdamW implements Optimizer {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;

    private final Parameters parameters;
    private final double weightDecay;
    private final Tensor first;
    private final Tensor second;
    private int steps;

    /**
     * Over these parameters.
     *
     * @param weightDecay decoupled, on matrices only; 0 for none
     */
    public AdamW(Parameters parameters, double weightDecay) {
        this.parameters = parameters;
        this.weightDecay = weightDecay;
        try (Scope scope = new Scope()) {
            first = scope.release(Tensors.zeros(parameters.count()));
            second = scope.release(Tensors.zeros(parameters.count()));
        }
    }

    @Override
    public double step(double learningRate, double clip) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            Tensor gradient = parameters.gradients();
            Tensor values = parameters.values();
            double norm = gradient.norm().item_double();
            if (!Double.isFinite(norm)) {
                return norm;
            }
            steps++;
            if (clip > 0 && norm > clip) {
                gradient.mul_(new Scalar(clip / norm));
            }
            if (weightDecay > 0) {
                values.narrow(0, 0, parameters.decayedCount()).mul_(new Scalar(1 - learningRate * weightDecay));
            }
            first.lerp_(gradient, new Scalar(1 - BETA1));
            second.mul_(new Scalar(BETA2)).addcmul_(gradient, gradient, new Scalar(1 - BETA2));
            double correction1 = 1 - Math.pow(BETA1, steps);
            double correction2 = 1 - Math.pow(BETA2, steps);
            Tensor denominator =
                    second.sqrt().mul_(new Scalar(1 / Math.sqrt(correction2))).add_(new Scalar(EPSILON));
            values.addcdiv_(first, denominator, new Scalar(-learningRate / correction1));
            gradient.zero_();
            return norm;
        }
    }

    @Override
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("first", first);
        state.put("second", second);
        return state;
    }

    @Override
    public void close() {
        first.close();
        second.close();
    }
}
