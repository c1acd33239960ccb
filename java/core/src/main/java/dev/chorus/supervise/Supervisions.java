package dev.chorus.supervise;

import dev.chorus.config.Choices;
import java.util.List;

/** The ways to teach a student that a configuration may name. */
public final class Supervisions {
    /** One line each. */
    public static final Choices<Supervision> ALL = new Choices<>(
            "supervision",
            Supervision::name,
            List.of(
                    new Single(),
                    new Naive(),
                    new Bayesian(),
                    new Aggregated(),
                    new Joint(),
                    new Product(),
                    new LogConf(),
                    new BufferedLogConf(),
                    new EntropyConfidence(),
                    new Window(),
                    new ReverseKl(),
                    new DirichletPrior(),
                    new LabelCounts(),
                    new SelfTrained()));

    private Supervisions() {}
}
