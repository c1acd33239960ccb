package dev.chorus.train;

import dev.chorus.config.Choices;
import dev.chorus.model.Decoder;
import dev.chorus.torch.CounterRandom;
import dev.chorus.train.optim.Optimizer;
import dev.chorus.train.optim.Optimizers;
import dev.chorus.train.optim.Schedule;
import dev.chorus.train.optim.Schedules;
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

    private final Decoder decoder;
    private final TrainSettings settings;
    private final Optimizer.Maker optimizers;
    private final Schedule schedule;
    private final long seed;

    /** One point of a learning curve: mean loss since the point before; {@code devel} is NaN where it was not taken. */
    public record CurvePoint(int step, double loss, double devel) {}

    /** Hears about every step. */
    @FunctionalInterface
    public interface StepListener {
        /** After a step, counted from 1. */
        void stepped(int step, int steps, double loss);
    }

    /** Trains a decoder's parameters in place. */
    public Trainer(Decoder decoder, TrainSettings settings, long seed) {
        this(decoder, settings, seed, Optimizers.ALL, Schedules.ALL);
    }

    /**
     * As above, with optimizers and schedules to choose from.
     *
     * @throws dev.chorus.config.ConfigException if the settings name one that there is not; lists those that there are
     */
    public Trainer(
            Decoder decoder,
            TrainSettings settings,
            long seed,
            Choices<Optimizer.Maker> optimizers,
            Choices<Schedule> schedules) {
        this.decoder = decoder;
        this.settings = settings;
        this.seed = seed;
        this.optimizers = optimizers.get(settings.optimizer(), "optimizer");
        schedule = schedules.get(settings.schedule(), "schedule");
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
        Step way = new Step(decoder, objective, settings.microBatch(), seed);
        decoder.parameters().gradients().zero_();
        try (Optimizer optimizer = optimizers.over(decoder.parameters(), settings.weightDecay())) {
            int step = 0;
            for (int epoch = 0; epoch < settings.epochs(); epoch++) {
                int[] order = order(examples, epoch);
                for (int i = 0; i < perEpoch; i++, step++) {
                    int from = i * settings.batch();
                    int[] items = Arrays.copyOfRange(order, from, Math.min(from + settings.batch(), examples));
                    Progress at = new Progress(epoch, step, (double) step / steps);
                    double loss = step(way, items, at, optimizer, steps);
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

    /** The learning rate of a step, counted from 0. */
    double learningRate(int step, int steps) {
        return settings.learningRate() * schedule.at(step, steps, settings.warmup());
    }

    private double step(Step way, int[] items, Progress at, Optimizer optimizer, int steps) {
        double loss = way.run(items, at).loss();
        if (!Double.isFinite(loss)) {
            throw failure("the loss is " + loss, items, at);
        }
        double norm = optimizer.step(learningRate(at.step(), steps), settings.clip());
        if (!Double.isFinite(norm)) {
            throw failure("the gradient's norm is " + norm, items, at);
        }
        return loss;
    }

    private TrainingException failure(String what, int[] items, Progress at) {
        return new TrainingException(what + " at step " + (at.step() + 1) + " (epoch " + (at.epoch() + 1)
                + ", examples " + Arrays.toString(items) + "); a learning rate below "
                + settings.learningRate() + " or a clip above 0 may help");
    }
}
