package dev.chorus.stage;

import dev.chorus.files.FileFault;
import dev.chorus.stage.ProgressListener.StageView;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;

/**
 * Runs the stages that are not in the store, several at a time, each on one thread.
 *
 * <p>Stages are small and many, so the cores are filled with stages, not with the threads of one operator. That is the
 * faster use of a few cores, and the result of a stage does not depend on how many there are. Of the stages whose inputs are
 * ready the one with the longest way still to go is taken first.
 */
public final class StageRunner {
    /** Ends a stage because another one failed. */
    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private final StageStore store;
    private final ProgressListener listener;
    private final int workers;

    private final List<Stage> waiting = new ArrayList<>();
    private final Set<Stage> done = new HashSet<>();
    private final Map<Stage, Double> distance = new HashMap<>();
    private int running;
    private Throwable failure;
    private volatile boolean stopping;

    public StageRunner(StageStore store, ProgressListener listener, int workers) {
        this.store = store;
        this.listener = listener;
        this.workers = workers;
    }

    /**
     * What is there and what is to do.
     *
     * @param views  every stage
     * @param toRun  those that are missing
     */
    public record Plan(List<StageView> views, List<Stage> toRun) {}

    /** Looks every stage up. */
    public Plan plan(List<Stage> stages) {
        List<StageView> views = new ArrayList<>();
        List<Stage> toRun = new ArrayList<>();
        for (Stage stage : stages) {
            boolean there = store.has(stage, listener);
            views.add(view(stage, there));
            if (!there) {
                toRun.add(stage);
            }
        }
        return new Plan(views, toRun);
    }

    /**
     * Runs the missing stages.
     *
     * @param stages all, inputs before those that need them
     * @throws StageException if one fails; those that finished are kept
     */
    public void run(List<Stage> stages, Plan plan) {
        done.addAll(stages);
        plan.toRun().forEach(done::remove);
        waiting.addAll(plan.toRun());
        List<Stage> backwards = new ArrayList<>(stages);
        java.util.Collections.reverse(backwards);
        for (Stage stage : backwards) {
            double own = distance.merge(stage, stage.work(), Double::sum);
            stage.inputs().forEach(input -> distance.merge(input, own, Math::max));
        }
        int threads = Math.min(workers, plan.toRun().size());
        Semaphore ended = new Semaphore(0);
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(
                    () -> {
                        work();
                        ended.release();
                    },
                    "chorus-worker-" + (i + 1));
            thread.setDaemon(true);
            thread.start();
        }
        try {
            ended.acquire(threads);
        } catch (InterruptedException e) {
            // The store must not close under a stage that still writes; a stage ends at its next sign of progress.
            stop();
            ended.acquireUninterruptibly(threads);
            Thread.currentThread().interrupt();
            throw new StageException("interrupted; finished stages are kept, the same command goes on from here", e);
        }
        if (failure instanceof RuntimeException known) {
            throw known;
        }
        if (failure != null) {
            throw new StageException(failure.toString(), failure);
        }
    }

    private synchronized void stop() {
        stopping = true;
        notifyAll();
    }

    private void work() {
        try {
            LibTorch.threads(1);
            for (Stage stage = next(); stage != null; stage = next()) {
                try {
                    runOne(stage);
                } finally {
                    ended();
                }
            }
        } catch (Stopped e) {
            // Another worker has the reason.
        } catch (Throwable e) {
            fail(e);
        }
    }

    private synchronized Stage next() throws InterruptedException {
        while (true) {
            if (stopping || waiting.isEmpty()) {
                return null;
            }
            Stage best = waiting.stream()
                    .filter(stage -> done.containsAll(stage.inputs()))
                    .max(Comparator.comparingDouble(distance::get))
                    .orElse(null);
            if (best != null) {
                waiting.remove(best);
                running++;
                return best;
            }
            if (running == 0) {
                throw new IllegalStateException(
                        "stages wait for each other: " + waiting.get(0).id());
            }
            wait();
        }
    }

    private synchronized void completed(Stage stage) {
        done.add(stage);
        notifyAll();
    }

    /** A stage that {@link #next} gave out is at its end, well or not. */
    private synchronized void ended() {
        running--;
        notifyAll();
    }

    private synchronized void fail(Throwable reason) {
        if (failure == null) {
            failure = reason;
        }
        stopping = true;
        notifyAll();
    }

    /** Stages that have begun and not ended; 0 when {@link #run} has returned. */
    synchronized int running() {
        return running;
    }

    private void runOne(Stage stage) throws IOException {
        StageView view = view(stage, false);
        long begin = System.nanoTime();
        listener.started(view);
        Path folder = null;
        try {
            folder = store.begin(stage);
            stage.body().run(new Running(stage, view, folder));
            store.finish(stage, folder);
        } catch (IOException e) {
            abandon(folder);
            throw new StageException(
                    "stage " + stage.id() + ": cannot write " + store.folder(stage) + ": " + FileFault.sentence(e)
                            + "; finished stages are kept, the same command goes on from here",
                    e);
        } catch (RuntimeException | Error e) {
            abandon(folder);
            if (e instanceof Stopped) {
                throw e;
            }
            String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            throw new StageException("stage " + stage.id() + ": " + reason, e);
        }
        completed(stage);
        listener.finished(view, (System.nanoTime() - begin) / 1e9);
    }

    private void abandon(Path folder) {
        if (folder == null) {
            return;
        }
        try {
            store.abandon(folder);
        } catch (IOException e) {
            listener.note("could not remove " + folder + ": " + e.getMessage() + "; the next run will");
        }
    }

    private static StageView view(Stage stage, boolean reused) {
        return new StageView(stage.id(), stage.kind(), stage.work(), reused);
    }

    /** A stage at work. */
    private final class Running implements Stage.Context {
        private final Stage stage;
        private final StageView view;
        private final Path folder;

        Running(Stage stage, StageView view, Path folder) {
            this.stage = stage;
            this.view = view;
            this.folder = folder;
        }

        @Override
        public Path out() {
            return folder;
        }

        @Override
        public Path of(Stage input) {
            if (!stage.inputs().contains(input)) {
                throw new IllegalStateException(
                        stage.id() + " reads " + input.id() + ", which is not among its inputs");
            }
            return store.folder(input);
        }

        @Override
        public void progress(double fraction, String message) {
            if (stopping) {
                throw new Stopped();
            }
            listener.advanced(view, fraction, message);
        }
    }
}
