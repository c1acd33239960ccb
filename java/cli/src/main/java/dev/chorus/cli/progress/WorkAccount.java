package dev.chorus.cli.progress;

import dev.chorus.stage.ProgressListener.StageView;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How much of the work is done, over stages that may run side by side. Reused stages cost nothing and do not count.
 *
 * <p>Not thread-safe: its owner holds a lock.
 */
final class WorkAccount {
    private final Map<String, Double> running = new LinkedHashMap<>();
    private int stages;
    private int reused;
    private int finished;
    private double total;
    private double done;
    private long begin;

    /** Takes the plan; the clock starts. */
    void planned(List<StageView> plan, long nanoTime) {
        reused = (int) plan.stream().filter(StageView::reused).count();
        stages = plan.size() - reused;
        total = plan.stream()
                .filter(s -> !s.reused())
                .mapToDouble(StageView::work)
                .sum();
        begin = nanoTime;
    }

    void started(StageView stage) {
        running.put(stage.id(), 0.0);
    }

    /** A fraction never goes back, so that a bar does not either. */
    void advanced(StageView stage, double fraction) {
        double share = fraction >= 0 ? Math.min(1, fraction) : 0;
        running.merge(stage.id(), share * stage.work(), Math::max);
    }

    void finished(StageView stage) {
        running.remove(stage.id());
        finished++;
        done += stage.work();
    }

    int stages() {
        return stages;
    }

    int reused() {
        return reused;
    }

    int finishedStages() {
        return finished;
    }

    /** From 0 to 1; 1 if there is nothing to do. */
    double fraction() {
        if (!(total > 0)) {
            return stages == 0 || finished >= stages ? 1 : (double) finished / stages;
        }
        double partly = running.values().stream().mapToDouble(w -> w).sum();
        return Math.min(1, (done + partly) / total);
    }

    double elapsedSeconds(long nanoTime) {
        return (nanoTime - begin) / 1e9;
    }

    /** What is left at the speed so far; negative while nothing can be said. */
    double remainingSeconds(long nanoTime) {
        return remainingSeconds(fraction(), nanoTime);
    }

    /** The same for a fraction read before. Needs no lock: the clock's start is set before any other thread can ask. */
    double remainingSeconds(double fraction, long nanoTime) {
        double elapsed = elapsedSeconds(nanoTime);
        return fraction < 0.005 || elapsed < 1 ? -1 : elapsed * (1 - fraction) / fraction;
    }
}
