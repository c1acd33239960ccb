package dev.chorus.cli.progress;

import dev.chorus.cli.report.Durations;
import dev.chorus.stage.ProgressListener;
import dev.chorus.text.Visible;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/** Plain lines for a log file or a pipe: one when a stage starts, one when it ends, and a sign of life in between. */
final class PlainProgress implements ProgressListener {
    /** A stage that says nothing else is reported once in this time. */
    private static final long QUIET_NANOS = 30_000_000_000L;

    private final PrintStream out;
    private final LongSupplier clock;
    private final WorkAccount account = new WorkAccount();
    private final Map<String, Long> lastSaid = new HashMap<>();

    PlainProgress(PrintStream out, LongSupplier clock) {
        this.out = out;
        this.clock = clock;
    }

    @Override
    public synchronized void planned(List<StageView> stages) {
        account.planned(stages, clock.getAsLong());
        if (account.reused() > 0) {
            say(account.reused() + " finished stage" + (account.reused() == 1 ? "" : "s") + " reused");
        }
        say(
                account.stages() == 0
                        ? "nothing left to run"
                        : account.stages() + " stage" + (account.stages() == 1 ? "" : "s") + " to run");
    }

    @Override
    public synchronized void started(StageView stage) {
        if (!stage.reused()) {
            account.started(stage);
            lastSaid.put(stage.id(), clock.getAsLong());
            say("start  " + stage.id());
        }
    }

    @Override
    public synchronized void advanced(StageView stage, double fraction, String message) {
        if (stage.reused()) {
            return;
        }
        account.advanced(stage, fraction);
        long now = clock.getAsLong();
        Long last = lastSaid.get(stage.id());
        if (last != null && now - last >= QUIET_NANOS) {
            lastSaid.put(stage.id(), now);
            say("       " + stage.id() + "  " + percent(fraction) + (message.isEmpty() ? "" : "  " + message)
                    + "  (run " + percent(account.fraction()) + left(now) + ")");
        }
    }

    @Override
    public synchronized void finished(StageView stage, double seconds) {
        if (stage.reused()) {
            return;
        }
        account.finished(stage);
        lastSaid.remove(stage.id());
        say("done   " + stage.id() + "  " + Durations.exact(seconds) + "  (run " + account.finishedStages() + "/"
                + account.stages() + " stages, " + percent(account.fraction()) + left(clock.getAsLong()) + ")");
    }

    @Override
    public synchronized void note(String message) {
        say("note   " + message);
    }

    private String left(long now) {
        double seconds = account.remainingSeconds(now);
        return seconds < 0 || account.finishedStages() == account.stages()
                ? ""
                : ", " + Durations.about(seconds) + " left";
    }

    private static String percent(double fraction) {
        return String.format(Locale.ROOT, "%.0f%%", 100 * fraction);
    }

    private void say(String line) {
        out.println(Visible.line(line));
        out.flush();
    }
}
