package dev.chorus.cli.aggregate;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Aggregators;
import dev.chorus.aggregate.votes.Votes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What all methods that fit the votes say of them, and where they disagree. */
final class Comparison {

    private final Votes votes;
    private final List<Aggregation> results = new ArrayList<>();
    private final List<int[]> labels = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();

    private Comparison(Votes votes) {
        this.votes = votes;
    }

    /** Runs every method that can take such votes, with its defaults but for the threads. */
    static Comparison run(Aggregators aggregators, Votes votes, Map<String, String> common) {
        Comparison comparison = new Comparison(votes);
        for (String name : aggregators.names()) {
            try {
                comparison.add(make(aggregators, name, common).fit(votes));
            } catch (IllegalArgumentException e) {
                comparison.refused.add(e.getMessage());
            }
        }
        return comparison;
    }

    /** A method with those of the settings that it knows. */
    private static dev.chorus.aggregate.LabelAggregator make(
            Aggregators aggregators, String name, Map<String, String> common) {
        try {
            return aggregators.make(name, common);
        } catch (IllegalArgumentException e) {
            // Methods without iterations have no threads to set.
            return aggregators.make(name);
        }
    }

    private void add(Aggregation result) {
        results.add(result);
        labels.add(result.labels());
    }

    /** The votes. */
    Votes votes() {
        return votes;
    }

    /** The methods' results. */
    List<Aggregation> results() {
        return List.copyOf(results);
    }

    /** Why methods were left out. */
    List<String> refused() {
        return List.copyOf(refused);
    }

    /** What a method says of a task. */
    int label(int method, int task) {
        return labels.get(method)[task];
    }

    /** What most methods say of a task; the first named on ties. */
    int plurality(int task) {
        int best = -1;
        int most = 0;
        for (int m = 0; m < labels.size(); m++) {
            int same = votesFor(label(m, task), task);
            if (same > most) {
                most = same;
                best = label(m, task);
            }
        }
        return best;
    }

    /** Share of the methods that say what most say. */
    double agreement(int task) {
        return labels.isEmpty() ? 0 : (double) votesFor(plurality(task), task) / labels.size();
    }

    private int votesFor(int label, int task) {
        int same = 0;
        for (int[] one : labels) {
            same += one[task] == label ? 1 : 0;
        }
        return same;
    }

    /** Share of tasks of which two methods say the same. */
    double agreement(int first, int second) {
        int same = 0;
        for (int t = 0; t < votes.tasks(); t++) {
            same += label(first, t) == label(second, t) ? 1 : 0;
        }
        return (double) same / votes.tasks();
    }

    /** Tasks of which not all methods say the same, those with least agreement first. */
    List<Integer> disputed() {
        List<Integer> tasks = new ArrayList<>();
        for (int t = 0; t < votes.tasks(); t++) {
            if (agreement(t) < 1) {
                tasks.add(t);
            }
        }
        tasks.sort((a, b) -> Double.compare(agreement(a), agreement(b)));
        return tasks;
    }
}
