package dev.chorus.cli.progress;

import dev.chorus.cli.report.Durations;
import dev.chorus.cli.terminal.Columns;
import dev.chorus.stage.ProgressListener;
import dev.chorus.text.Visible;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** One bar over all the work that is still to do, with speed, time left and what is running. */
final class BarProgress implements ProgressListener, AutoCloseable {
    private static final long STEPS = 10_000;
    private static final int REFRESH_MILLIS = 250;
    private static final int BAR_WIDTH = 24;

    /** On a narrower terminal the bar is short and the speed is left out, so that it can be seen what is running. */
    private static final int WIDE = 100;

    private static final int NARROW_BAR_WIDTH = 10;

    private final PrintStream out;
    private final LongSupplier clock;
    private final WorkAccount account = new WorkAccount();
    private final Map<String, String> running = new LinkedHashMap<>();
    private ProgressBar bar;
    private ErasedLine line;
    private volatile Shown shown = new Shown(0, 0, 0, "");

    /**
     * What the bar's own thread draws. It reads this and takes no lock: closing the bar waits for that thread, and would wait
     * for ever if the thread waited for us.
     */
    record Shown(double fraction, int finished, int stages, String message) {}

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
            refresh();
            line = new ErasedLine(out);
            bar = new ProgressBarBuilder()
                    .setInitialMax(STEPS)
                    .setUpdateIntervalMillis(REFRESH_MILLIS)
                    .setRenderer((state, width) -> line(shown, clock.getAsLong(), width))
                    .setConsumer(line)
                    .build();
        }
    }

    @Override
    public synchronized void started(StageView stage) {
        if (!stage.reused()) {
            account.started(stage);
            running.put(stage.id(), "");
            refresh();
        }
    }

    @Override
    public synchronized void advanced(StageView stage, double fraction, String message) {
        if (!stage.reused()) {
            account.advanced(stage, fraction);
            running.put(stage.id(), message);
            refresh();
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

    /** Written over the bar, which is drawn again below it. */
    @Override
    public synchronized void note(String message) {
        out.print(bar == null ? "" : ErasedLine.ERASE);
        out.println(Visible.line(message));
    }

    /** Takes the bar off; nothing is drawn any more. */
    synchronized void stop() {
        if (bar != null) {
            line.erase();
            bar = null;
        }
    }

    /** Leaves the last state of the bar on the screen. */
    @Override
    public synchronized void close() {
        if (bar != null) {
            bar.close();
            bar = null;
            out.println(account.finishedStages() + " of " + account.stages() + " stages in "
                    + Durations.exact(account.elapsedSeconds(clock.getAsLong())));
        }
    }

    /** Takes the stage that began first, with its message, and how many run beside it. */
    private void refresh() {
        String message = "";
        if (!running.isEmpty()) {
            Map.Entry<String, String> first = running.entrySet().iterator().next();
            String others = running.size() > 1 ? " (+" + (running.size() - 1) + ")" : "";
            message = first.getKey() + others + "  " + first.getValue();
        }
        shown = new Shown(account.fraction(), account.finishedStages(), account.stages(), message);
        if (bar != null) {
            bar.stepTo(Math.round(shown.fraction() * STEPS));
        }
    }

    /** " 34% ████████░░░░  12/45 stages  3.1%/min  about 1 min 20 s left  pretrain  step 5/10", cut to {@code width} columns. */
    String line(Shown now, long nanoTime, int width) {
        int bar = width < WIDE ? NARROW_BAR_WIDTH : BAR_WIDTH;
        int filled = (int) Math.round(now.fraction() * bar);
        String drawn = "\u2588".repeat(filled) + "\u2591".repeat(bar - filled);
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%3.0f%% ", 100 * now.fraction()))
                .append(drawn);
        text.append("  ")
                .append(now.finished())
                .append('/')
                .append(now.stages())
                .append(" stages");
        double remaining = account.remainingSeconds(now.fraction(), nanoTime);
        if (remaining >= 0 && now.fraction() < 1) {
            if (width >= WIDE) {
                double perMinute = 6000 * now.fraction() / account.elapsedSeconds(nanoTime);
                text.append(String.format(Locale.ROOT, "  %.1f%%/min", perMinute));
            }
            text.append("  ").append(Durations.about(remaining)).append(" left");
        }
        text.append("  ").append(Visible.line(now.message()));
        return Columns.cut(text.toString(), Math.max(0, width));
    }
}
