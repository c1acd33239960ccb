package dev.chorus.train;

import dev.chorus.model.weights.Parameters;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * The training loop. The order of the examples is a function of (seed, epoch) alone, so a training can be repeated to the
 * last bit whatever else runs beside it.
 */
public final class Trainer {
    private static final int CURVE_POINTS = 40;

    private final Parameters parameters;
    private final TrainSettings settings;
    private final long seed;

    /** One point of a learning curve: mean loss since the point before; {@code devel} is NaN where it was not taken. */
    public record CurvePoint(int step, double loss, double devel) {}

    /** Hears about every step. */
    @FunctionalInterface
    public interface StepListener {
        /** After a step, counted from 1. */
        void stepped(int step, int steps, double loss);
    }

    /** Trains these parameters in place. */
    public Trainer(Parameters parameters, TrainSettings settings, long seed) {
        this.parameters = parameters;
        this.settings = settings;
        this.seed = seed;
    }

    /**
     * Runs all epochs.
     *
     * @param examples  number of examples, at least 1
     * @param objective what a step computes
     * @param devel     score after every epoch, or null to take none
     * @return the learning curve
     * @throws TrainingException if a loss or a gradient is NaN or infinite
     */
    public List<CurvePoint> run(int examples, Objective objective, DoubleSupplier devel, StepListener listener) {
        if (examples < 1) {
            throw new IllegalArgumentException("nothing to train on: 0 examples");
        }
        int steps = settings.steps(examples);
        int perEpoch = settings.stepsPerEpoch(examples);
        int every = Math.max(1, steps / CURVE_POINTS);
        List<CurvePoint> curve = new ArrayList<>();
        double sum = 0;
        int counted = 0;
        parameters.gradients().zero_();
        try (AdamW optimizer = new AdamW(parameters, settings.weightDecay())) {
            int step = 0;
            for (int epoch = 0; epoch < settings.epochs(); epoch++) {
                int[] order = order(examples, epoch);
                for (int i = 0; i < perEpoch; i++, step++) {
                    int from = i * settings.batch();
                    int[] items = Arrays.copyOfRange(order, from, Math.min(from + settings.batch(), examples));
                    double loss =
                            step(new Batch(items, epoch, step, (double) step / steps), objective, optimizer, steps);
                    sum += loss;
                    counted++;
                    boolean epochEnds = i == perEpoch - 1;
                    boolean takeDevel = epochEnds && devel != null;
                    if (counted == every || takeDevel || step == steps - 1) {
                        curve.add(
                                new CurvePoint(step + 1, sum / counted, takeDevel ? devel.getAsDouble() : Double.NaN));
                        sum = 0;
                        counted = 0;
                    }
                    listener.stepped(step + 1, steps, loss);
                }
            }
        }
        return curve;
    }

    /** The order of one epoch. */
    int[] order(int examples, int epoch) {
        return CounterRandom.of(seed, "order/" + epoch).permutation(examples);
    }

    private double step(Batch batch, Objective objective, AdamW optimizer, int steps) {
        double loss;
        try (Scope scope = new Scope()) {
            loss = objective.accumulate(batch);
        }
        if (!Double.isFinite(loss)) {
            throw failure("the loss is " + loss, batch);
        }
        double norm = optimizer.step(settings.learningRate(batch.step(), steps), settings.clip());
        if (!Double.isFinite(norm)) {
            throw failure("the gradient's norm is " + norm, batch);
        }
        return loss;
    }

    private TrainingException failure(String what, Batch batch) {
        return new TrainingException(what + " at step " + (batch.step() + 1) + " (epoch " + (batch.epoch() + 1)
                + ", examples " + Arrays.toString(batch.items()) + "); a learning rate below "
                + settings.learningRate() + " or a clip above 0 may help");
    }
}
