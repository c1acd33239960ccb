package dev.chorus.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.experiment.Counting;
import dev.chorus.experiment.Tiny;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StageRunnerTest {
    private final Counting counting = new Counting();
    private final Tiny.Listener listener = new Tiny.Listener();

    @TempDir
    private Path folder;

    private StageStore store;

    @BeforeEach
    void open() throws IOException {
        store = new StageStore(folder);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    @Test
    void aStageRunsAfterItsInputsAndReadsThem() throws IOException {
        Stage a = counting.stage("a");
        Stage b = counting.stage("b", a);
        Stage c = counting.stage("c", a);
        Stage d = counting.stage("d", b, c);

        run(3, a, b, c, d);

        assertThat(Files.readString(store.folder(d).resolve("text"))).isEqualTo("d(b(a))(c(a))");
        assertThat(counting.ran()).startsWith("a").endsWith("d").containsExactlyInAnyOrder("a", "b", "c", "d");
        assertThat(listener.finished()).hasSize(4);
    }

    @Test
    void finishedStagesAreNotRunAgain() {
        Stage a = counting.stage("a");
        Stage b = counting.stage("b", a);
        run(2, a, b);
        Stage c = counting.stage("c", b);

        StageRunner.Plan plan = run(2, a, b, c);

        assertThat(counting.ran()).containsExactly("a", "b", "c");
        assertThat(plan.toRun()).containsExactly(c);
        assertThat(plan.views()).extracting(ProgressListener.StageView::reused).containsExactly(true, true, false);
    }

    @Test
    void aStageDependsOnItsInputsHashes() {
        Stage a = counting.stage("a");
        assertThat(counting.stage("b", a).hash())
                .isEqualTo(counting.stage("b", counting.stage("a")).hash());
        assertThat(counting.stage("b", a).hash())
                .isNotEqualTo(counting.stage("b", counting.stage("x")).hash())
                .isNotEqualTo(counting.stage("b").hash());
    }

    @Test
    void independentStagesRunAtTheSameTime() {
        CyclicBarrier together = new CyclicBarrier(2);
        Stage.Body meet = context -> {
            try {
                together.await(30, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new IllegalStateException("alone", e);
            }
        };

        run(2, counting.stage("a", 1, meet), counting.stage("b", 1, meet));

        assertThat(counting.ran()).hasSize(2);
    }

    @Test
    void theLongestWayIsTakenFirst() {
        Stage small = counting.stage("small", 2, context -> {});
        Stage first = counting.stage("first", 1, context -> {});
        Stage then = counting.stage("then", 5, context -> {}, first);

        run(1, small, first, then);

        assertThat(counting.ran()).containsExactly("first", "then", "small");
    }

    @Test
    void aFailureNamesTheStageStopsTheOthersAndKeepsWhatIsFinished() throws IOException {
        CountDownLatch running = new CountDownLatch(1);
        AtomicBoolean stopped = new AtomicBoolean();
        Stage fine = counting.stage("fine");
        Stage bad = counting.stage(
                "bad",
                2,
                context -> {
                    Files.writeString(context.out().resolve("half"), "half");
                    await(running);
                    throw new IllegalArgumentException("no good");
                },
                fine);
        Stage slow = counting.stage(
                "slow",
                2,
                context -> {
                    Files.writeString(context.out().resolve("half"), "half");
                    running.countDown();
                    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
                    stopped.set(true);
                    while (System.nanoTime() < until) {
                        context.progress(0.5, "");
                    }
                    stopped.set(false);
                },
                fine);
        Stage after = counting.stage("after", bad);

        assertThatThrownBy(() -> run(2, fine, bad, slow, after))
                .isInstanceOf(StageException.class)
                .hasMessage("stage label/bad: no good");

        assertThat(stopped).isTrue();
        assertThat(counting.ran()).containsExactly("fine");
        assertThat(store.has(fine, listener)).isTrue();
        assertThat(stageFolders()).containsExactly(store.folder(fine));
    }

    @Test
    void aFailureWithoutAMessageIsNamedAllTheSame() {
        Stage bad = counting.stage("bad", 1, context -> {
            throw new IllegalStateException();
        });

        assertThatThrownBy(() -> run(1, bad))
                .isInstanceOf(StageException.class)
                .hasMessage("stage label/bad: java.lang.IllegalStateException");
    }

    @Test
    void aDiskWithoutRoomIsOneClearMessageAndNothingHalfWritten() throws IOException {
        Stage fine = counting.stage("fine");
        Stage full = counting.stage(
                "full",
                1,
                context -> {
                    Files.writeString(context.out().resolve("half"), "half");
                    // Where there is no such device the sentence is the same.
                    if (Files.exists(Path.of("/dev/full"))) {
                        try (OutputStream out = Files.newOutputStream(Path.of("/dev/full"))) {
                            out.write(new byte[100]);
                        }
                    }
                    throw new IOException("No space left on device");
                },
                fine);

        assertThatThrownBy(() -> run(2, fine, full))
                .isInstanceOf(StageException.class)
                .hasMessage("stage label/full: cannot write " + store.folder(full)
                        + ": No space left on device; finished stages are kept, the same command goes on from here");
        assertThat(stageFolders()).containsExactly(store.folder(fine));
    }

    @Test
    void aStageReadsOnlyItsInputs() {
        Stage a = counting.stage("a");
        Stage curious = counting.stage("curious", 1, context -> context.of(a));

        assertThatThrownBy(() -> run(1, a, curious))
                .isInstanceOf(StageException.class)
                .hasMessageContaining("label/curious reads label/a, which is not among its inputs");
    }

    @Test
    void stagesThatWaitForEachOtherAreAnErrorNotAHang() {
        Stage a = counting.stage("a");
        Stage b = counting.stage("b", a);

        assertThatThrownBy(() -> run(2, b)).hasMessageContaining("label/b");
    }

    /** A worker that fails before it has taken a stage once counted one down, so that others seemed to have ended. */
    @Test
    void failuresOutsideAStageCountNone() {
        Stage a = counting.stage("a");
        Stage b = counting.stage("b", a);
        StageRunner runner = new StageRunner(store, listener, 2);
        assertThatThrownBy(() ->
                        runner.run(List.of(b), new StageRunner.Plan(List.of(), List.of(b, counting.stage("c", a)))))
                .hasMessageContaining("stages wait for each other");
        assertThat(runner.running()).isZero();

        StageRunner unheard = new StageRunner(
                store,
                new ProgressListener() {
                    @Override
                    public void started(StageView stage) {
                        throw new IllegalStateException("not listening");
                    }
                },
                1);
        assertThatThrownBy(() -> unheard.run(List.of(a), unheard.plan(List.of(a))))
                .hasMessage("not listening");
        assertThat(unheard.running()).isZero();
    }

    @Test
    void anInterruptedRunEndsItsStagesBeforeItReturns() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        Stage slow = counting.stage("slow", 1, context -> {
            Files.writeString(context.out().resolve("half"), "half");
            running.countDown();
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (System.nanoTime() < until) {
                sleep(20);
                context.progress(0.5, "");
            }
        });
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicReference<List<Path>> left = new AtomicReference<>();
        Thread runner = new Thread(() -> {
            try {
                run(1, slow);
            } catch (StageException e) {
                thrown.set(e);
                left.set(stageFolders());
            }
        });
        runner.start();
        await(running);
        runner.interrupt();
        runner.join();

        assertThat(thrown.get()).hasMessageStartingWith("interrupted; finished stages are kept");
        assertThat(left.get()).isEmpty();
    }

    private StageRunner.Plan run(int workers, Stage... stages) {
        StageRunner runner = new StageRunner(store, listener, workers);
        StageRunner.Plan plan = runner.plan(List.of(stages));
        runner.run(List.of(stages), plan);
        return plan;
    }

    /** Finished and unfinished ones. */
    private List<Path> stageFolders() {
        Path kind = folder.resolve("stages/label");
        if (!Files.exists(kind)) {
            return List.of();
        }
        try (Stream<Path> list = Files.list(kind)) {
            return list.toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("waited too long");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
