package dev.chorus.cli.report;

import dev.chorus.results.Results;
import dev.chorus.results.Results.Curve;
import dev.chorus.results.Results.Figure;
import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import dev.chorus.results.Results.Point;
import dev.chorus.results.Results.ReliabilityBin;
import dev.chorus.results.Results.Task;
import dev.chorus.results.Results.Unsure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Invented results in the shape of a full run: two tasks, five weak models, three students each, a ceiling. */
public final class SampleResults {
    private static final String HASH = "9f2c41d07be8a3365c1d9e04f7712ab8860c55f3d2a94e1b7706c3d8e5f0a912";
    private static final String COMMIT = "3b1f0c9a7d5e2468ace013579bdf2468ace01357";

    /** Two-sided 95% points of Student's t for 1 to 4 degrees of freedom. */
    private static final double[] T = {Double.NaN, 12.706, 4.303, 3.182, 2.776};

    private final int seeds;
    private final Random random = new Random(7);
    private final List<Figure> figures = new ArrayList<>();

    private SampleResults(int seeds) {
        this.seeds = seeds;
    }

    /** Results with one to five seeds. */
    public static Results of(int seeds) {
        return new SampleResults(seeds).build();
    }

    /** Writes the report to the file that the argument names, for a look in a browser. */
    public static void main(String[] args) throws IOException {
        HtmlReport.write(of(args.length > 1 ? Integer.parseInt(args[1]) : 5), Path.of(args[0]));
    }

    private Results build() {
        Map<String, String> machine = new LinkedHashMap<>();
        machine.put("cpu", "Example CPU with AVX-512 and AMX");
        machine.put("cores", "2");
        machine.put("memory", "7.6 GiB");
        machine.put("os", "Linux 6.1 amd64");
        machine.put("jdk", "17.0.15");
        machine.put("libtorch", "2.10.0 (AVX512)");
        machine.put("blas", "OpenBLAS 0.3.31");
        machine.put("workers", "2");
        Map<String, Integer> data = new LinkedHashMap<>();
        data.put("gold", 700);
        data.put("weak", 2000);
        data.put("devel", 2033);
        data.put("test", 2974);
        data.put("unlabelled", 18_950);
        Map<String, Object> strong = new LinkedHashMap<>();
        strong.put("layers", 4);
        strong.put("width", 192);
        strong.put("vocabulary", 2000);
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("name", "slurp");
        config.put("seeds", seeds);
        config.put("tasks", List.of("scenario", "slots"));
        config.put("strong", strong);
        config.put("note", "a <b>bold</b> & \"quoted\" remark");
        List<Task> tasks = List.of(scenario(), slots());
        return new Results(
                1,
                "SLURP, five weak models",
                HASH,
                COMMIT + "-dirty",
                HASH,
                "e".repeat(64),
                "2026-03-04T10:15:30Z",
                1874.3,
                96,
                31,
                2_287_000_000L,
                machine,
                seedList(),
                data,
                config,
                tasks,
                figures);
    }

    private Task scenario() {
        String[] votes = {"calendar", "email", "lists", "general", "qa", "play", "news", "alarm"};
        List<Model> models = List.of(
                model("scenario", "accuracy", "weak-1", "Weak 1 · 1×32 words", "weak", 41_000, 0.552, 0, true),
                model("scenario", "accuracy", "weak-2", "Weak 2 · 1×48 BPE-500", "weak", 68_200, 0.571, 0, true),
                model("scenario", "accuracy", "weak-3", "Weak 3 · 1×64 BPE-1k", "weak", 121_000, 0.588, 0, true),
                model("scenario", "accuracy", "weak-4", "Weak 4 · 2×48 bytes", "weak", 74_900, 0.561, 0, true),
                model("scenario", "accuracy", "weak-5", "Weak 5 · 2×64 BPE-2k", "weak", 182_000, 0.607, 0, true),
                model("scenario", "accuracy", "best", "Best single weak model", "student", 2_214_000, 0.618, 0.6, true),
                model("scenario", "accuracy", "naive", "Naive multi-weak", "student", 2_214_000, 0.646, 0.6, true),
                model(
                        "scenario",
                        "accuracy",
                        "bayesian",
                        "Bayesian multi-weak",
                        "student",
                        2_214_000,
                        0.641,
                        0.6,
                        true),
                model(
                        "scenario",
                        "accuracy",
                        "ceiling",
                        "Ceiling (gold labels)",
                        "ceiling",
                        2_214_000,
                        0.742,
                        0,
                        true));
        List<Curve> curves = new ArrayList<>();
        curves("pretrain", "base", 1200, 7.6, 3.1, false, curves);
        for (Model model : models) {
            boolean weak = model.role().equals("weak");
            curves(weak ? "weak" : "student", model.id(), weak ? 240 : 600, 2.9, weak ? 0.9 : 0.5, true, curves);
        }
        return new Task("scenario", "Scenario classification", "accuracy", models, curves, unsure(votes, ""));
    }

    private Task slots() {
        String[] votes = {
            "date: tomorrow", "date: tomorrow; time: nine am", "", "person: john", "event_name: meeting; date: friday"
        };
        List<Model> models = List.of(
                model("slots", "slu_f1", "weak-1", "Weak 1 · 1×32 words", "weak", 41_000, 0.312, 0, false),
                model("slots", "slu_f1", "weak-2", "Weak 2 · 1×48 BPE-500", "weak", 68_200, 0.371, 0, false),
                model("slots", "slu_f1", "weak-3", "Weak 3 · 1×64 BPE-1k", "weak", 121_000, 0.402, 0, false),
                model("slots", "slu_f1", "weak-4", "Weak 4 · 2×48 bytes", "weak", 74_900, 0.355, 0, false),
                model("slots", "slu_f1", "weak-5", "Weak 5 · 2×64 BPE-2k", "weak", 182_000, 0.447, 0, false),
                model("slots", "slu_f1", "best", "Best single weak model", "student", 2_214_000, 0.451, 0.45, false),
                model("slots", "slu_f1", "naive", "Naive multi-weak", "student", 2_214_000, 0.472, 0.45, false),
                model("slots", "slu_f1", "naive-dpo", "Naive, then DPO", "student", 2_214_000, 0.436, 0.45, false),
                model("slots", "slu_f1", "ceiling", "Ceiling (gold labels)", "ceiling", 2_214_000, 0.585, 0, false));
        List<Curve> curves = new ArrayList<>();
        for (Model model : models) {
            boolean weak = model.role().equals("weak");
            boolean dpo = model.id().endsWith("dpo");
            curves(
                    dpo ? "dpo" : weak ? "weak" : "student",
                    model.id(),
                    dpo ? 120 : weak ? 240 : 600,
                    dpo ? 0.69 : 3.4,
                    dpo ? 0.55 : 0.8,
                    !dpo,
                    curves);
        }
        return new Task("slots", "Slot filling", "slu_f1", models, curves, unsure(votes, " with the <b>slots</b>"));
    }

    private Model model(
            String task,
            String metric,
            String id,
            String title,
            String role,
            long parameters,
            double score,
            double best,
            boolean classifier) {
        double weak = task.equals("scenario") ? 0.576 : 0.377;
        double ceiling = task.equals("scenario") ? 0.742 : 0.585;
        double[] values = new double[seeds];
        for (int i = 0; i < seeds; i++) {
            values[i] = score + 0.012 * random.nextGaussian();
            figures.add(new Figure(task, id, metric, seedList().get(i), values[i], HASH, COMMIT));
        }
        Map<String, Interval> metrics = new LinkedHashMap<>();
        metrics.put(metric, interval(values));
        if (classifier) {
            metrics.put("ece", interval(spread(role.equals("weak") ? 0.11 : 0.06, 0.012)));
            metrics.put("brier", interval(spread(0.95 - 0.75 * score, 0.015)));
        }
        if (role.equals("student")) {
            metrics.put(
                    "pgr_mean",
                    interval(Arrays.stream(values)
                            .map(v -> (v - weak) / (ceiling - weak))
                            .toArray()));
            metrics.put(
                    "pgr_best",
                    interval(Arrays.stream(values)
                            .map(v -> (v - best) / (ceiling - best))
                            .toArray()));
        }
        return new Model(id, title, role, parameters, metrics, classifier ? bins(role) : List.of());
    }

    private double[] spread(double centre, double deviation) {
        double[] values = new double[seeds];
        Arrays.setAll(values, i -> centre + deviation * random.nextGaussian());
        return values;
    }

    private List<ReliabilityBin> bins(String role) {
        List<ReliabilityBin> bins = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            double confidence = (i + 0.55) / 10;
            double miss = role.equals("weak") ? 0.14 * confidence : -0.05 + 0.1 * confidence;
            long count = i == 0 ? 0 : Math.round(220 * Math.exp(0.28 * i) * (0.8 + 0.4 * random.nextDouble()));
            double accuracy = Math.min(1, confidence - miss + 0.02 * random.nextGaussian());
            bins.add(new ReliabilityBin(i / 10.0, (i + 1) / 10.0, count, confidence, accuracy));
        }
        return bins;
    }

    private void curves(String stage, String model, int steps, double from, double to, boolean devel, List<Curve> all) {
        for (long seed : stage.equals("pretrain") ? List.of(0L) : seedList()) {
            List<Point> points = new ArrayList<>();
            double rate = 3.5 + random.nextDouble();
            for (int step = 20; step <= steps; step += 20) {
                double done = 1 - Math.exp(-rate * step / steps);
                double loss = from + (to - from) * done + 0.05 * (from - to) * random.nextGaussian() * 0.5;
                boolean taken = devel && step % (steps / 6 / 20 * 20) == 0;
                points.add(new Point(step, loss, taken ? 0.2 + 0.45 * done + 0.01 * random.nextGaussian() : null));
            }
            all.add(new Curve(model, stage, seed, points));
        }
    }

    private List<Unsure> unsure(String[] votes, String tail) {
        List<Unsure> rows = new ArrayList<>();
        String[] texts = {
            "what do i have going on after lunch", "send it to everyone who was there on friday",
            "can you tell me if <script>alert(1)</script> is on", "put the thing we talked about on it",
            "remind me about the meeting with john tomorrow at nine am", "is there anything new"
        };
        for (int i = 0; i < 20; i++) {
            List<String> row = new ArrayList<>();
            for (int w = 0; w < 5; w++) {
                row.add(votes[(i * 3 + w * (i % 3 + 1)) % votes.length]);
            }
            rows.add(new Unsure(
                    i % seeds,
                    "s" + i,
                    texts[i % texts.length] + tail,
                    row,
                    row.get(i % 5),
                    votes[i * 3 % votes.length],
                    2.71 - 0.04 * i));
        }
        return rows;
    }

    private List<Long> seedList() {
        List<Long> list = new ArrayList<>();
        for (long seed = 0; seed < seeds; seed++) {
            list.add(seed);
        }
        return list;
    }

    private static Interval interval(double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        if (values.length < 2) {
            return new Interval(mean, null, null, values.length);
        }
        double variance =
                Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1);
        double half = T[values.length - 1] * Math.sqrt(variance / values.length);
        return new Interval(mean, mean - half, mean + half, values.length);
    }
}
