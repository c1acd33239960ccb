package dev.chorus.cli.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.stage.ProgressListener.StageView;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlainProgressTest {
    private static final StageView DATA = new StageView("data", "data", 5, true);
    private static final StageView BASE = new StageView("pretrain", "pretrain", 60, false);
    private static final StageView WEAK = new StageView("weak/scenario/1/seed-0", "weak", 30, false);
    private static final StageView EVAL = new StageView("evaluate", "evaluate", 10, false);

    private final AtomicLong nanos = new AtomicLong(5_000_000_000L);
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final ConsoleProgress progress =
            ConsoleProgress.plain(new PrintStream(bytes, true, StandardCharsets.UTF_8), nanos::get);

    @Test
    void tellsWhatIsDoneAndWhatIsLeft() {
        progress.planned(List.of(DATA, BASE, WEAK, EVAL));
        progress.started(DATA);
        progress.finished(DATA, 0);
        progress.started(BASE);
        progress.started(WEAK);
        seconds(20);
        progress.advanced(BASE, 0.5, "step 5/10");
        progress.finished(WEAK, 20);
        seconds(20);
        progress.finished(BASE, 40);
        progress.note("a damaged stage is computed again");
        progress.started(EVAL);
        seconds(2.5);
        progress.finished(EVAL, 2.5);
        progress.close();
        // 60% after 20 s leave 13 s; 90% after 40 s leave 4 s.
        assertThat(lines())
                .containsExactly(
                        "1 finished stage reused",
                        "3 stages to run",
                        "start  pretrain",
                        "start  weak/scenario/1/seed-0",
                        "done   weak/scenario/1/seed-0  20 s  (run 1/3 stages, 60%, about 15 s left)",
                        "done   pretrain  40 s  (run 2/3 stages, 90%, about 4 s left)",
                        "note   a damaged stage is computed again",
                        "start  evaluate",
                        "done   evaluate  2.5 s  (run 3/3 stages, 100%)");
    }

    @Test
    void longStageGivesASignOfLifeTwiceAMinute() {
        progress.planned(List.of(BASE));
        progress.started(BASE);
        for (int i = 1; i <= 65; i++) {
            seconds(1);
            progress.advanced(BASE, i / 130.0, "step " + i);
        }
        assertThat(lines())
                .containsExactly(
                        "1 stage to run",
                        "start  pretrain",
                        "       pretrain  23%  step 30  (run 23%, about 1 min 40 s left)",
                        "       pretrain  46%  step 60  (run 46%, about 1 min 10 s left)");
    }

    /** Half of the stage is done, and a quarter of the run: what is left is the run's, and says so. */
    @Test
    void theTimeThatIsLeftIsTheRuns() {
        progress.planned(List.of(BASE, new StageView("student", "student", 60, false)));
        progress.started(BASE);
        seconds(30);
        progress.advanced(BASE, 0.5, "");
        assertThat(lines()).last().isEqualTo("       pretrain  50%  (run 25%, about 1 min 30 s left)");
    }

    @Test
    void whatFilesSayCannotMoveTheCursor() {
        progress.note("m\u001b[2J\u202e has a template\ndone");
        assertThat(lines()).containsExactly("note   m\\u001b[2J\\u202e has a template\\ndone");
    }

    @Test
    void anInterruptionHasTheLastWord() {
        progress.planned(List.of(BASE));
        progress.interrupted("interrupted");
        progress.started(BASE);
        progress.note("late");
        progress.close();
        assertThat(lines()).containsExactly("1 stage to run", "interrupted");
    }

    @Test
    void nothingToRun() {
        progress.planned(List.of(DATA));
        assertThat(lines()).containsExactly("1 finished stage reused", "nothing left to run");
    }

    @Test
    void linesOfSeveralThreadsDoNotMix() throws InterruptedException {
        List<StageView> stages = IntStream.range(0, 200)
                .mapToObj(i -> new StageView("s" + i, "weak", 1, false))
                .toList();
        progress.planned(stages);
        List<Thread> threads = List.of(stages.subList(0, 100), stages.subList(100, 200)).stream()
                .map(part -> new Thread(() -> part.forEach(stage -> {
                    progress.started(stage);
                    progress.advanced(stage, Double.NaN, "");
                    progress.finished(stage, 1);
                })))
                .toList();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(lines()).hasSize(401).last().asString().contains("(run 200/200 stages, 100%)");
    }

    private void seconds(double seconds) {
        nanos.addAndGet((long) (seconds * 1e9));
    }

    private List<String> lines() {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
