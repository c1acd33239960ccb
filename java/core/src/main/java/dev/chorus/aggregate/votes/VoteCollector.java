package dev.chorus.aggregate.votes;

import dev.chorus.aggregate.votes.ReadSettings.Duplicates;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;

/** Numbers the names of rows and keeps their votes in growing arrays, then sorts them by task. */
final class VoteCollector implements RowSink {

    private final ReadSettings settings;
    private final BadRows bad;
    private final boolean hasAbstentions;
    private final Names tasks = new Names();
    private final Names workers = new Names();
    private final Names labels = new Names();
    private int size;
    private int[] task = new int[1024];
    private int[] worker = new int[1024];
    private int[] label = new int[1024];
    private float[] probability;
    private double[] time;
    private long abstained;
    private int[] gold = new int[0];
    private boolean hasGold;
    /** Rows after which the line is not the one after the row before, and the lines there. */
    private int[] jumpRow = new int[16];

    private long[] jumpLine = new long[16];
    private int jumps;
    private long nextLine = -1;

    VoteCollector(ReadSettings settings, BadRows bad) {
        this.settings = settings;
        this.bad = bad;
        this.hasAbstentions = !settings.abstentions().isEmpty();
    }

    @Override
    public void vote(Row row) {
        for (int field = Row.TASK; field <= Row.LABEL; field++) {
            if (!row.has(field)) {
                bad.add(row.line, "no " + Row.ROLES.get(field));
                return;
            }
            if (row.isBroken(field)) {
                bad.add(row.line, "the " + Row.ROLES.get(field) + " is not UTF-8");
                return;
            }
        }
        if (hasAbstentions && settings.abstentions().contains(row.text(Row.LABEL))) {
            abstention(row);
            return;
        }
        float p = Float.NaN;
        if (row.has(Row.PROBABILITY)) {
            double value = row.number(Row.PROBABILITY);
            if (!(value >= 0 && value <= 1)) {
                bad.add(row.line, "expected a probability in [0, 1], got '" + row.text(Row.PROBABILITY) + "'");
                return;
            }
            p = (float) value;
        }
        double when = Double.NaN;
        if (settings.duplicates() == Duplicates.LAST && row.has(Row.TIMESTAMP)) {
            when = when(row);
            if (Double.isNaN(when)) {
                bad.add(
                        row.line,
                        "expected a timestamp, a number or such as 2026-01-31T12:00:00Z, got '"
                                + row.text(Row.TIMESTAMP) + "'");
                return;
            }
        }
        add(row, p, when);
    }

    private void add(Row row, float p, double when) {
        if (size == task.length) {
            int larger = grown(size);
            task = Arrays.copyOf(task, larger);
            worker = Arrays.copyOf(worker, larger);
            label = Arrays.copyOf(label, larger);
            probability = probability == null ? null : Arrays.copyOf(probability, larger);
            time = time == null ? null : Arrays.copyOf(time, larger);
        }
        if (!Float.isNaN(p) && probability == null) {
            probability = new float[task.length];
            Arrays.fill(probability, 0, size, Float.NaN);
        }
        if (!Double.isNaN(when) && time == null) {
            time = new double[task.length];
            Arrays.fill(time, 0, size, Double.NaN);
        }
        task[size] = sameTask(row) ? task[size - 1] : number(tasks, row, Row.TASK);
        worker[size] = number(workers, row, Row.WORKER);
        label[size] = number(labels, row, Row.LABEL);
        if (probability != null) {
            probability[size] = p;
        }
        if (time != null) {
            time[size] = when;
        }
        if (row.line != nextLine) {
            jump(row.line);
        }
        nextLine = row.line + 1;
        size++;
    }

    private static int grown(int size) {
        if (size >= Integer.MAX_VALUE - 8) {
            throw new IllegalStateException("more than 2 billion votes");
        }
        return (int) Math.min(Integer.MAX_VALUE - 8L, size + (size >> 1) + 16L);
    }

    /** Whether the row's task is that of the row before: mostly it is, and then there is nothing to look up. */
    private boolean sameTask(Row row) {
        return size > 0 && tasks.is(task[size - 1], row.bytes[Row.TASK], row.from[Row.TASK], row.to[Row.TASK]);
    }

    private static int number(Names names, Row row, int field) {
        return names.number(row.bytes[field], row.from[field], row.to[field]);
    }

    private void jump(long line) {
        if (jumps == jumpRow.length) {
            jumpRow = Arrays.copyOf(jumpRow, grown(jumps));
            jumpLine = Arrays.copyOf(jumpLine, jumpRow.length);
        }
        jumpRow[jumps] = size;
        jumpLine[jumps++] = line;
    }

    private long line(int row) {
        int found = Arrays.binarySearch(jumpRow, 0, jumps, row);
        int at = found < 0 ? -found - 2 : found;
        return jumpLine[at] + (row - jumpRow[at]);
    }

    private static double when(Row row) {
        double number = row.number(Row.TIMESTAMP);
        if (!Double.isNaN(number)) {
            return number;
        }
        try {
            String text = row.text(Row.TIMESTAMP).replace(' ', 'T');
            boolean zoned = text.endsWith("Z") || text.matches(".*[+-]\\d\\d:?\\d\\d$");
            Instant instant =
                    java.time.format.DateTimeFormatter.ISO_DATE_TIME.parse(zoned ? text : text + "Z", Instant::from);
            return instant.getEpochSecond() + instant.getNano() / 1e9;
        } catch (DateTimeParseException e) {
            return Double.NaN;
        }
    }

    @Override
    public void abstention(Row row) {
        if (!row.has(Row.TASK)) {
            bad.add(row.line, "no task");
            return;
        }
        abstained++;
        number(tasks, row, Row.TASK);
    }

    @Override
    public void gold(Row row) {
        if (!row.has(Row.TASK) || !row.has(Row.LABEL)) {
            bad.add(row.line, "a gold label without its task or label");
            return;
        }
        int t = number(tasks, row, Row.TASK);
        if (t >= gold.length) {
            int before = gold.length;
            gold = Arrays.copyOf(gold, grown(t + 1));
            Arrays.fill(gold, before, gold.length, Votes.MISSING);
        }
        int g = number(labels, row, Row.LABEL);
        if (gold[t] != Votes.MISSING && gold[t] != g) {
            bad.add(row.line, "a second gold label of task " + row.text(Row.TASK));
            return;
        }
        gold[t] = g;
        hasGold = true;
    }

    long abstained() {
        return abstained;
    }

    int rows() {
        return size;
    }

    /** The votes, sorted; the collector is used up. */
    Votes votes() {
        int[] start = new int[tasks.size() + 1];
        boolean sorted = true;
        for (int i = 0; i < size; i++) {
            sorted &= i == 0 || task[i] >= task[i - 1];
            start[task[i] + 1]++;
        }
        for (int t = 0; t < tasks.size(); t++) {
            start[t + 1] += start[t];
        }
        int[] order = sorted ? null : order(start);
        int[] byTaskWorker = sorted ? Arrays.copyOf(worker, size) : gathered(worker, order);
        if (hasDuplicates(start, byTaskWorker)) {
            removeDuplicates(start, order, byTaskWorker);
            return votes();
        }
        // One array after the other, so that no more of them than needed are alive together.
        worker = null;
        int[] byTaskLabel = sorted ? Arrays.copyOf(label, size) : gathered(label, order);
        label = null;
        float[] byTaskProbability = probability == null ? null : new float[size];
        for (int i = 0; byTaskProbability != null && i < size; i++) {
            byTaskProbability[i] = probability[order == null ? i : order[i]];
        }
        Votes votes = Votes.trusted(tasks, workers, labels, start, byTaskWorker, byTaskLabel, byTaskProbability);
        return hasGold ? votes.withGold(goldOfAll()) : votes;
    }

    private int[] goldOfAll() {
        int[] all = Arrays.copyOf(gold, tasks.size());
        if (tasks.size() > gold.length) {
            Arrays.fill(all, gold.length, tasks.size(), Votes.MISSING);
        }
        return all;
    }

    private int[] order(int[] start) {
        int[] next = Arrays.copyOf(start, start.length - 1);
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            order[next[task[i]]++] = i;
        }
        return order;
    }

    private static int[] gathered(int[] values, int[] order) {
        int[] result = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            result[i] = values[order[i]];
        }
        return result;
    }

    private boolean hasDuplicates(int[] start, int[] byTask) {
        int[] last = new int[workers.size()];
        Arrays.fill(last, -1);
        for (int t = 0; t < tasks.size(); t++) {
            for (int v = start[t]; v < start[t + 1]; v++) {
                if (last[byTask[v]] == t) {
                    return true;
                }
                last[byTask[v]] = t;
            }
        }
        return false;
    }

    /** Marks what goes, says so, and closes the gaps. */
    private void removeDuplicates(int[] start, int[] order, int[] byTask) {
        boolean[] gone = new boolean[size];
        int[] kept = new int[workers.size()];
        int[] last = new int[workers.size()];
        Arrays.fill(last, -1);
        int duplicates = 0;
        long firstLine = Long.MAX_VALUE;
        int first = -1;
        for (int t = 0; t < tasks.size(); t++) {
            for (int v = start[t]; v < start[t + 1]; v++) {
                int row = order == null ? v : order[v];
                int w = byTask[v];
                if (last[w] != t) {
                    last[w] = t;
                    kept[w] = row;
                    continue;
                }
                duplicates++;
                if (line(row) < firstLine) {
                    firstLine = line(row);
                    first = row;
                }
                boolean newer =
                        settings.duplicates() == Duplicates.LAST && (time == null || !(time[row] < time[kept[w]]));
                gone[newer ? kept[w] : row] = true;
                kept[w] = newer ? row : kept[w];
            }
        }
        if (settings.duplicates() == Duplicates.ERROR) {
            String problem = "a second vote of worker " + workers.get(worker[first]) + " on task "
                    + tasks.get(task[first]) + "; keep the first or the last, or mend the file";
            for (int i = 0; i < duplicates; i++) {
                bad.add(firstLine, problem);
            }
        }
        int n = 0;
        for (int i = 0; i < size; i++) {
            if (!gone[i]) {
                task[n] = task[i];
                worker[n] = worker[i];
                label[n] = label[i];
                if (probability != null) {
                    probability[n] = probability[i];
                }
                n++;
            }
        }
        size = n;
        time = null;
    }
}
