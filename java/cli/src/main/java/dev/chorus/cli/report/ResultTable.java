package dev.chorus.cli.report;

import dev.chorus.cli.terminal.Columns;
import dev.chorus.results.Results;
import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import dev.chorus.results.Results.Task;
import dev.chorus.text.Visible;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;

/** The result table for a terminal: plain text in at most {@value #WIDTH} columns, without colour or cursor movement. */
public final class ResultTable {
    /** No line is wider. */
    public static final int WIDTH = 100;

    private static final int LONGEST_TITLE = 32;
    private static final String GAP = "  ";

    private final Results results;
    private final Charset charset;
    private final StringBuilder out = new StringBuilder();

    private ResultTable(Results results, Charset charset) {
        this.results = results;
        this.charset = charset;
    }

    /**
     * The tables of all tasks, ending in a line break.
     *
     * @param charset of the stream that it is written to; what it cannot hold is spelled in ASCII
     */
    public static String render(Results results, Charset charset) {
        ResultTable table = new ResultTable(results, charset);
        for (Task task : results.tasks()) {
            table.task(new TaskView(results, task));
        }
        return table.out.toString();
    }

    private void task(TaskView view) {
        boolean classifier = view.classifier();
        List<String> head = new ArrayList<>(List.of("", "params", view.metricTitle()));
        if (classifier) {
            head.addAll(List.of("ECE", "Brier"));
        }
        head.addAll(List.of("PGR mean", "PGR best"));
        List<List<String>> rows = new ArrayList<>();
        rows.add(head);
        group(rows, "Weak models", view.weak(), view);
        if (view.weak().size() > 1) {
            List<String> mean = new ArrayList<>(List.of("  mean of these", "", Numbers.ascii(view.weakMean(), 3)));
            rows.add(mean);
        }
        group(rows, "Students", view.students(), view);
        group(rows, "Ceiling", view.ceilings(), view);
        align(rows);
        if (!out.isEmpty()) {
            out.append('\n');
        }
        int seeds = results.seeds().size();
        line(Visible.line(ascii(view.task().title()))
                + (seeds > 1 ? ", mean and 95% interval over " + seeds + " seeds" : ", one seed, so no interval"));
        int width = rows.stream()
                .mapToInt(r -> Columns.of(String.join(GAP, r)))
                .max()
                .orElse(0);
        for (int i = 0; i < rows.size(); i++) {
            line(String.join(GAP, rows.get(i)));
            if (i == 0) {
                line("-".repeat(width));
            }
        }
    }

    private void group(List<List<String>> rows, String title, List<Model> models, TaskView view) {
        if (models.isEmpty()) {
            return;
        }
        rows.add(new ArrayList<>(List.of(title)));
        for (Model model : models) {
            List<String> row = new ArrayList<>();
            row.add("  " + shortened(Visible.line(ascii(model.title()))));
            row.add(Numbers.compact(model.parameters()).replace(" ", ""));
            row.add(cell(view.score(model), 3));
            if (view.classifier()) {
                row.add(mean(TaskView.metric(model, "ece"), 3));
                row.add(mean(TaskView.metric(model, "brier"), 3));
            }
            row.add(pgr(model, TaskView.PGR_MEAN));
            row.add(pgr(model, TaskView.PGR_BEST));
            rows.add(row);
        }
    }

    private String pgr(Model model, String name) {
        Interval pgr = TaskView.metric(model, name);
        return pgr == null && !model.role().equals("student") ? "" : cell(pgr, 2);
    }

    private static String mean(Interval interval, int digits) {
        return Numbers.ascii(interval == null ? null : interval.mean(), digits);
    }

    /** "0.612 ± 0.014": Student's interval is symmetric, and half of it is shorter than both ends. */
    private String cell(Interval interval, int digits) {
        String mean = mean(interval, digits);
        if (!Numbers.bounded(interval)) {
            return mean;
        }
        return mean + ascii(" \u00b1 ") + Numbers.ascii((interval.high() - interval.low()) / 2, digits);
    }

    /** Pads every column: the first to the left, numbers to the right, values without interval to where means stand. */
    private static void align(List<List<String>> rows) {
        int columns = rows.stream().mapToInt(List::size).max().orElse(0);
        for (int c = 0; c < columns; c++) {
            int tail = 0;
            int width = 0;
            for (List<String> row : rows.subList(1, rows.size())) {
                tail = Math.max(tail, c > 0 && c < row.size() ? Columns.of(tail(row.get(c))) : 0);
            }
            for (int r = 1; r < rows.size(); r++) {
                List<String> row = rows.get(r);
                if (c > 0 && c < row.size()) {
                    String cell = row.get(c);
                    row.set(c, cell + " ".repeat(cell.isEmpty() ? 0 : tail - Columns.of(tail(cell))));
                }
            }
            for (List<String> row : rows) {
                // A group's title stands alone in its row and may run on.
                width = Math.max(width, c < row.size() && row.size() > 1 ? Columns.of(row.get(c)) : 0);
            }
            for (List<String> row : rows) {
                if (c < row.size()) {
                    String pad = " ".repeat(Math.max(0, width - Columns.of(row.get(c))));
                    row.set(c, c == 0 ? row.get(c) + pad : pad + row.get(c));
                }
            }
        }
    }

    /** What follows the mean in a cell. */
    private static String tail(String cell) {
        int space = cell.indexOf(' ');
        return space < 0 ? "" : cell.substring(space);
    }

    private String ascii(String text) {
        return charset.newEncoder().canEncode(text)
                ? text
                : text.replace("\u00b1", "+/-").replace("\u00b7", "-").replace("\u00d7", "x");
    }

    private static String shortened(String title) {
        return Columns.of(title) <= LONGEST_TITLE
                ? title
                : Columns.cut(title, LONGEST_TITLE - 3).strip() + "...";
    }

    private void line(String text) {
        out.append(text.stripTrailing()).append('\n');
    }
}
