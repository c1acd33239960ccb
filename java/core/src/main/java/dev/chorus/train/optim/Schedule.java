package dev.chorus.train.optim;

/** The learning rate over a training, as a share of its peak. */
public interface Schedule {
    /** In a configuration. */
    String name();

    /**
     * The share of the peak in one step.
     *
     * @param step   from 0
     * @param steps  of the whole training
     * @param warmup share of the steps in which it rises linearly, 0 to 1
     * @return from 0 to 1
     */
    double at(long step, long steps, double warmup);
}
