package dev.chorus.train.optim;

import dev.chorus.config.Choices;
import java.util.List;

/** The schedules that a configuration may name. Each rises linearly in the warm-up; then they differ. */
public final class Schedules {
    /** One line each. */
    public static final Choices<Schedule> ALL = new Choices<>(
            "schedule",
            Schedule::name,
            List.of(
                    after("linear", (done, rise, steps) -> (steps - done) / Math.max(1, steps - rise)),
                    after("constant", (done, rise, steps) -> 1),
                    after(
                            "cosine",
                            (done, rise, steps) ->
                                    0.5 * (1 + Math.cos(Math.PI * (done - rise) / Math.max(1, steps - rise))))));

    private Schedules() {}

    /** What a schedule does after the warm-up. */
    @FunctionalInterface
    public interface Fall {
        /**
         * The share of the peak.
         *
         * @param done  steps that are over, the middle of the present one
         * @param rise  steps of the warm-up
         * @param steps of the whole training
         */
        double at(double done, double rise, double steps);
    }

    /** A schedule that rises linearly, then falls as told. */
    public static Schedule after(String name, Fall fall) {
        return new Schedule() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public double at(long step, long steps, double warmup) {
                double rise = warmup * (double) steps;
                double done = step + 0.5;
                return done < rise ? done / rise : fall.at(done, rise, (double) steps);
            }
        };
    }
}
