package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.votes.Votes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Tasks cut into lanes of about as many votes each. How many lanes there are, and where they are cut, depends on the votes
 * alone: sums are made within a lane and then over lanes in their order, so that the number of threads changes no bit.
 */
final class Lanes implements AutoCloseable {

    /** More than the cores of usual machines use, few enough that tables of all lanes fit beside the votes. */
    private static final int MOST = 16;

    /** Below this many votes a lane costs more than it saves. */
    private static final int VOTES_OF_A_LANE = 2048;

    private final int[] bounds;
    private final int threads;
    private final ExecutorService helpers;

    /** Work on one lane of tasks [from, to). */
    interface Work {
        void run(int lane, int from, int to);
    }

    /**
     * Cuts the tasks.
     *
     * @param tableBytes size of the table that every lane sums into; together they stay below a gigabyte
     */
    Lanes(Votes votes, int threads, long tableBytes) {
        long work = (long) votes.size() + votes.tasks();
        long fitting = Math.max(1, (1L << 30) / Math.max(1, tableBytes));
        int lanes = (int) Math.max(1, Math.min(Math.min(MOST, fitting), work / VOTES_OF_A_LANE));
        bounds = new int[lanes + 1];
        int task = 0;
        for (int lane = 1; lane < lanes; lane++) {
            long until = work * lane / lanes;
            while (task < votes.tasks() && (long) votes.start(task) + task < until) {
                task++;
            }
            bounds[lane] = task;
        }
        bounds[lanes] = votes.tasks();
        this.threads = Math.min(threads, lanes);
        helpers = this.threads == 1
                ? null
                : Executors.newFixedThreadPool(this.threads - 1, work1 -> {
                    Thread thread = new Thread(work1, "chorus-aggregate");
                    thread.setDaemon(true);
                    return thread;
                });
    }

    int count() {
        return bounds.length - 1;
    }

    /** Runs the work on every lane, on all threads; returns when all is done. */
    void forEach(Work work) {
        AtomicInteger next = new AtomicInteger();
        Runnable loop = () -> {
            for (int lane = next.getAndIncrement(); lane < count(); lane = next.getAndIncrement()) {
                work.run(lane, bounds[lane], bounds[lane + 1]);
            }
        };
        List<Future<?>> running = new ArrayList<>();
        for (int i = 1; i < threads; i++) {
            running.add(helpers.submit(loop));
        }
        try {
            loop.run();
        } finally {
            await(running);
        }
    }

    private static void await(List<Future<?>> running) {
        boolean interrupted = false;
        RuntimeException failed = null;
        for (Future<?> one : running) {
            boolean done = false;
            while (!done) {
                try {
                    one.get();
                    done = true;
                } catch (InterruptedException e) {
                    // The lane writes to arrays of ours: wait for it, and tell the caller afterwards.
                    interrupted = true;
                } catch (ExecutionException e) {
                    failed = new IllegalStateException(e.getCause());
                    done = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failed != null) {
            throw failed;
        }
    }

    @Override
    public void close() {
        if (helpers != null) {
            helpers.shutdown();
        }
    }
}
