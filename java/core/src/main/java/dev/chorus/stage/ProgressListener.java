package dev.chorus.stage;

import java.util.List;

/** Hears how a run goes on. Calls come from several worker threads; implementations are thread-safe and quick. */
public interface ProgressListener {
    /** A listener that ignores everything. */
    ProgressListener SILENT = new ProgressListener() {};

    /**
     * One stage as a reader sees it.
     *
     * @param id     unique in the run, e.g. "student/scenario/bayesian/seed-0"
     * @param kind   "data", "pretrain", "weak", "label", "probe", "rescore", "aggregate", "student", "prefer" or "evaluate"
     * @param work   estimated cost in arbitrary units, comparable between stages
     * @param reused found finished in the store
     */
    record StageView(String id, String kind, double work, boolean reused) {}

    /** The whole plan, once, before anything runs. */
    default void planned(List<StageView> stages) {}

    /** A stage begins. */
    default void started(StageView stage) {}

    /**
     * A stage is on its way.
     *
     * @param fraction of the stage's work that is done, 0 to 1
     * @param message  a few words such as "step 120/600 loss 1.234"; may be empty
     */
    default void advanced(StageView stage, double fraction, String message) {}

    /** A stage is done and stored. */
    default void finished(StageView stage, double seconds) {}

    /** Something a person should know, such as a damaged stage that is computed again. */
    default void note(String message) {}
}
