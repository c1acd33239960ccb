package dev.chorus.cli.progress;

import dev.chorus.cli.report.Durations;
import dev.chorus.experiment.ProgressListener;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** One bar over all the work that is still to do, with speed, time left and what is running. */
final class BarProgress implements ProgressListener, AutoCloseable {
    /** The bar's steps: hundredths of a per cent, shown as per cent. */
    private static final long STEPS = 10_000;

    private static final int REFRESH_MILLIS = 250;

    private final PrintStream out;
    private final LongSupplier clock;
    private final WorkAccount account = new WorkAccount();
    private final Map<String, String> running = new LinkedHashMap<>();
    private ProgressBar bar;

    BarProgress(PrintStream out, LongSupplier clock) {
        this.out = out;
        this.clock = clock;
    }

    @Override
    public synchronized void planned(List<StageView> stages) {
        account.planned(stages, clock.getAsLong());
        if (account.reused() > 0) {
            out.println(account.reused() + " finished stage" + (account.reused() == 1 ? "" : "s") + " reused");
        }
        if (account.stages() > 0) {
            bar = new ProgressBarBuilder()
                    .setTaskName("chorus")
                    .setInitialMax(STEPS)
                    .setUnit("%", STEPS / 100)
                    .showSpeed(new DecimalFormat("0.0", DecimalFormatSymbols.getInstance(Locale.ROOT)))
                    .setSpeedUnit(ChronoUnit.MINUTES)
                    .setEtaFunction(state -> remaining())
                    .setUpdateIntervalMillis(REFRESH_MILLIS)
                    .setStyle(style())
                    .setConsumer(new ConsoleProgressBarConsumer(out))
                    .build();
        }
    }

    @Override
    public synchronized void started(StageView stage) {
        if (!stage.reused()) {
            account.started(stage);
            show(stage, "");
        }
    }

    @Override
    public synchronized void advanced(StageView stage, double fraction, String message) {
        if (!stage.reused()) {
            account.advanced(stage, fraction);
            show(stage, message);
        }
    }

    @Override
    public synchronized void finished(StageView stage, double seconds) {
        if (!stage.reused()) {
            account.finished(stage);
            running.remove(stage.id());
            refresh();
        }
    }

    /** Written on a line of its own; the bar is drawn again below it. */
    @Override
    public synchronized void note(String message) {
        out.print(bar == null ? "" : "\r\u001b[K");
        out.println(message);
    }

    /** Leaves the last state of the bar on the screen. */
    @Override
    public synchronized void close() {
        if (bar != null) {
            bar.close();
            bar = null;
            out.println(account.finishedStages() + "/" + account.stages() + " stages in "
                    + Durations.exact(account.elapsedSeconds(clock.getAsLong())));
        }
    }

    private void show(StageView stage, String message) {
        running.put(stage.id(), message);
        refresh();
    }

    /** The stage that began first, with its message, and how many run beside it. */
    private void refresh() {
        if (bar == null) {
            return;
        }
        bar.stepTo(Math.round(account.fraction() * STEPS));
        if (running.isEmpty()) {
            bar.setExtraMessage("");
            return;
        }
        Map.Entry<String, String> first = running.entrySet().iterator().next();
        String more = running.size() > 1 ? " +" + (running.size() - 1) : "";
        bar.setExtraMessage(" " + first.getKey() + more + (first.getValue().isEmpty() ? "" : ": " + first.getValue()));
    }

    /** Called by the bar's own thread. */
    private synchronized Optional<Duration> remaining() {
        double seconds = account.remainingSeconds(clock.getAsLong());
        return seconds < 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(Math.round(seconds)));
    }

    private static ProgressBarStyle style() {
        return Charset.defaultCharset().newEncoder().canEncode('\u2588')
                ? ProgressBarStyle.UNICODE_BLOCK
                : ProgressBarStyle.ASCII;
    }
}
