package dev.chorus.train.optim;

import dev.chorus.config.Choices;
import dev.chorus.model.weights.Parameters;
import java.util.List;
import java.util.function.BiFunction;

/** The optimizers that a configuration may name. */
public final class Optimizers {
    /** One line each. */
    public static final Choices<Optimizer.Maker> ALL = new Choices<>(
            "optimizer", Optimizer.Maker::name, List.of(maker("adamw", AdamW::new), maker("sgd", Sgd::new)));

    private Optimizers() {}

    /** A name for a constructor. */
    public static Optimizer.Maker maker(String name, BiFunction<Parameters, Double, Optimizer> constructor) {
        return new Optimizer.Maker() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Optimizer over(Parameters parameters, double weightDecay) {
                return constructor.apply(parameters, weightDecay);
            }
        };
    }
}
