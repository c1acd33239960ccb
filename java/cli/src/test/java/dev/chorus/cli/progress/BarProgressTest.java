package dev.chorus.cli.progress;

import static org.assertj.core.api.Assertions.assertThat;

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
    void nothingToRunDrawsNoBar() {
        progress.planned(List.of(new StageView("data", "data", 1, true)));
        progress.close();
        assertThat(bytes.toString(StandardCharsets.UTF_8).strip()).isEqualTo("1 finished stage reused");
    }
}
