package dev.chorus.train.optim;

import dev.chorus.model.weights.Parameters;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Changes parameters by their gradients. Owns its state until {@link #close}. */
public interface Optimizer extends AutoCloseable {
    /**
     * One update, after which the gradients are zero. A gradient that is not finite changes nothing.
     *
     * @param learningRate above 0
     * @param clip         largest norm of the gradient; 0 for no limit
     * @return the gradient's norm before clipping; not finite if there was no update
     */
    double step(double learningRate, double clip);

    /** What the next update depends on besides parameters and gradients, by name; owned by the optimizer. */
    Map<String, Tensor> state();

    @Override
    void close();

    /** Makes optimizers of one kind: what a configuration names. */
    interface Maker {
        /** In a configuration. */
        String name();

        /**
         * A new optimizer.
         *
         * @param weightDecay decoupled, on matrices only; 0 for none
         */
        Optimizer over(Parameters parameters, double weightDecay);
    }
}
