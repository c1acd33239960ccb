package dev.chorus.cli.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.cli.terminal.Columns;
import dev.chorus.stage.ProgressListener.StageView;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class BarProgressTest {
    private static final StageView BASE = new StageView("pretrain", "pretrain", 60, false);

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final BarProgress progress =
            new BarProgress(new PrintStream(bytes, true, StandardCharsets.UTF_8), System::nanoTime);

    /** Closing waits for the drawing thread; the two once waited for each other. */
    @Test
    @Timeout(30)
    void closesWhileTheBarIsDrawn() throws InterruptedException {
        progress.planned(List.of(BASE, new StageView("data", "data", 1, true)));
        progress.started(BASE);
        progress.advanced(BASE, 0.5, "step 1/2");
        Thread.sleep(600);
        progress.finished(BASE, 0.6);
        progress.close();
        progress.close();
        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .contains("1 finished stage reused", " 50% ", "0/1 stages", "step 1/2", "100% ", "1 of 1 stages in ");
    }

    @Test
    @Timeout(30)
    void everyDrawingErasesTheWholeLine() throws InterruptedException {
        progress.planned(List.of(BASE));
        progress.started(BASE);
        progress.advanced(BASE, 0.5, "a long message that is followed by a short one");
        Thread.sleep(600);
        progress.advanced(BASE, 0.6, "short");
        Thread.sleep(600);
        progress.note("a note");
        progress.close();
        String drawn = bytes.toString(StandardCharsets.UTF_8);
        for (String piece : drawn.split("\r", -1)) {
            assertThat(piece.isEmpty() || piece.isBlank() || piece.startsWith("\u001b[K") || piece.startsWith("1 of"))
                    .as(piece)
                    .isTrue();
        }
        assertThat(drawn).contains("\r\u001b[Ka note");
    }

    @Test
    @Timeout(30)
    void anInterruptionTakesTheBarOff() throws InterruptedException {
        progress.planned(List.of(BASE));
        progress.started(BASE);
        progress.advanced(BASE, 0.5, "step 1/2");
        Thread.sleep(600);
        progress.stop();
        bytes.reset();
        Thread.sleep(600);
        progress.close();
        assertThat(bytes.size()).isZero();
    }

    @Test
    void aLineIsCutByColumnsAndBetweenWords() {
        progress.planned(List.of());
        String whole =
                progress.line(new BarProgress.Shown(0.5, 1, 2, "weak/\u65e5\u672c  step 1/2"), System.nanoTime(), 99);
        assertThat(whole).endsWith("  1/2 stages  weak/\u65e5\u672c  step 1/2");
        for (int width = 0; width <= 90; width++) {
            String line = progress.line(
                    new BarProgress.Shown(0.5, 1, 2, "weak/\u65e5\u672c  step 1/2"), System.nanoTime(), width);
            assertThat(Columns.of(line)).isLessThanOrEqualTo(width);
            assertThat(whole).startsWith(line);
            String rest = whole.substring(line.length());
            assertThat(width < 6 || rest.isEmpty() || rest.matches(" .*|/\\p{L}.*"))
                    .as(line + "|" + rest)
                    .isTrue();
        }
    }

    @Test
    void nothingToRunDrawsNoBar() {
        progress.planned(List.of(new StageView("data", "data", 1, true)));
        progress.close();
        assertThat(bytes.toString(StandardCharsets.UTF_8).strip()).isEqualTo("1 finished stage reused");
    }
}
