package dev.chorus.train.optim;

import dev.chorus.model.weights.Parameters;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Stochastic gradient descent, {@code x <- x - rate (g + decay x)}, without momentum: nothing is held besides the gradients. */
public final class Sgd implements Optimizer {
    private final Parameters parameters;
    private final double weightDecay;

    /**
     * Over these parameters.
     *
     * @param weightDecay on matrices only; 0 for none
     */
    public Sgd(Parameters parameters, double weightDecay) {
        this.parameters = parameters;
        this.weightDecay = weightDecay;
    }

    @Override
    public double step(double learningRate, double clip) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            Tensor gradient = parameters.gradients();
            double norm = gradient.norm().item_double();
            if (!Double.isFinite(norm)) {
                return norm;
            }
            double scale = clip > 0 && norm > clip ? clip / norm : 1;
            if (weightDecay > 0) {
                parameters
                        .values()
                        .narrow(0, 0, parameters.decayedCount())
                        .mul_(new Scalar(1 - learningRate * weightDecay));
            }
            parameters.values().add_(gradient, new Scalar(-learningRate * scale));
            gradient.zero_();
            return norm;
        }
    }

    @Override
    public Map<String, Tensor> state() {
        return Map.of();
    }

    @Override
    public void close() {}
}
