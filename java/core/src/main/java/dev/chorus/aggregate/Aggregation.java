package dev.chorus.aggregate;

import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What an aggregator made of votes: a label and its probability for every task, and what it learned of the labelers. */
public final class Aggregation {

    private final String method;
    private final Votes votes;
    private final Posteriors posteriors;
    private final Trace trace;
    private final Map<String, double[]> skills;
    private final double[] classBalance;
    private final Confusions confusions;

    private Aggregation(Builder builder) {
        this.method = builder.method;
        this.votes = builder.votes;
        this.posteriors = builder.posteriors;
        this.trace = builder.trace;
        this.skills = builder.skills;
        this.classBalance = builder.classBalance;
        this.confusions = builder.confusions;
    }

    /** Begins the result of a method. */
    public static Builder of(String method, Votes votes, Posteriors posteriors) {
        return new Builder(method, votes, posteriors);
    }

    /** The method's name. */
    public String method() {
        return method;
    }

    /** The votes that were aggregated. */
    public Votes votes() {
        return votes;
    }

    /** Probabilities of the classes of every task. */
    public Posteriors posteriors() {
        return posteriors;
    }

    /** [tasks] class indices of the most probable classes; the lowest on ties. */
    public int[] labels() {
        int[] labels = new int[votes.tasks()];
        Arrays.setAll(labels, posteriors::label);
        return labels;
    }

    /** How the fit went. */
    public Trace trace() {
        return trace;
    }

    /** What was learned of every labeler, [workers] by name, such as {@code accuracy} or {@code weight}. */
    public Map<String, double[]> skills() {
        Map<String, double[]> copy = new LinkedHashMap<>();
        skills.forEach((name, values) -> copy.put(name, values.clone()));
        return Collections.unmodifiableMap(copy);
    }

    /** [classes] share of every class as the model estimates it; empty for methods without a model of it. */
    public Optional<double[]> classBalance() {
        return Optional.ofNullable(classBalance).map(double[]::clone);
    }

    /** The labelers' confusion matrices, where the method has them. */
    public Optional<Confusions> confusions() {
        return Optional.ofNullable(confusions);
    }

    /**
     * The labels of other tasks under what was learned here, one task at a time.
     *
     * @throws IllegalStateException if the method has no confusion matrices
     */
    public TaskPosterior taskPosterior() {
        if (confusions == null || classBalance == null) {
            throw new IllegalStateException(method
                    + " learns no confusion matrices, by which a single task could be judged; dawid-skene, one-coin, mace and "
                    + "ibcc do");
        }
        return TaskPosterior.of(classBalance, confusions);
    }

    /** Collects the parts of a result. */
    public static final class Builder {
        private final String method;
        private final Votes votes;
        private final Posteriors posteriors;
        private final Map<String, double[]> skills = new LinkedHashMap<>();
        private Trace trace = Trace.NONE;
        private double[] classBalance;
        private Confusions confusions;

        private Builder(String method, Votes votes, Posteriors posteriors) {
            this.method = method;
            this.votes = votes;
            this.posteriors = posteriors;
        }

        /** How the fit went. */
        public Builder trace(Trace value) {
            trace = value;
            return this;
        }

        /** What was learned of every labeler, [workers]. */
        public Builder skill(String name, double[] values) {
            if (values.length != votes.workers()) {
                throw new IllegalArgumentException(
                        "skill " + name + ": expected " + votes.workers() + " values, got " + values.length);
            }
            skills.put(name, values.clone());
            return this;
        }

        /** Share of every class, [classes]. */
        public Builder classBalance(double[] values) {
            classBalance = values.clone();
            return this;
        }

        /** The labelers' confusion matrices. */
        public Builder confusions(Confusions value) {
            confusions = value;
            return this;
        }

        /** The result. */
        public Aggregation build() {
            return new Aggregation(this);
        }
    }
}
