package dev.chorus.aggregate;

import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Votes whose truth is known: planted confusion matrices, copies and abstentions. */
public final class Simulation {

    /** [tasks] what is true. */
    public final int[] truth;

    private final int classes;
    private final int workers;
    private final int[][] said;

    /** Truth drawn by {@code balance}; nobody has voted. */
    public Simulation(SplittableRandom random, int tasks, int workers, double... balance) {
        this.classes = balance.length;
        this.workers = workers;
        this.truth = new int[tasks];
        this.said = new int[tasks][workers];
        for (int t = 0; t < tasks; t++) {
            truth[t] = draw(random, balance);
            Arrays.fill(said[t], Votes.MISSING);
        }
    }

    /** A labeler votes by its confusion matrix [truth][given] on a share of the tasks. */
    public Simulation vote(SplittableRandom random, int worker, double[][] confusion, double share) {
        for (int t = 0; t < truth.length; t++) {
            if (random.nextDouble() < share) {
                said[t][worker] = draw(random, confusion[truth[t]]);
            }
        }
        return this;
    }

    /** A labeler of one accuracy. */
    public Simulation vote(SplittableRandom random, int worker, double accuracy) {
        return vote(random, worker, coin(classes, accuracy), 1);
    }

    /** A labeler says what another says, but with its own mind in a share of the tasks. */
    public Simulation copy(SplittableRandom random, int worker, int original, double share, double accuracy) {
        double[][] own = coin(classes, accuracy);
        for (int t = 0; t < truth.length; t++) {
            said[t][worker] = random.nextDouble() < share ? said[t][original] : draw(random, own[truth[t]]);
        }
        return this;
    }

    /** The votes. */
    public Votes votes() {
        int n = 0;
        int[] task = new int[truth.length * workers];
        int[] worker = new int[task.length];
        int[] label = new int[task.length];
        for (int t = 0; t < truth.length; t++) {
            for (int w = 0; w < workers; w++) {
                if (said[t][w] != Votes.MISSING) {
                    task[n] = t;
                    worker[n] = w;
                    label[n++] = said[t][w];
                }
            }
        }
        return Votes.of(
                truth.length,
                workers,
                classes,
                Arrays.copyOf(task, n),
                Arrays.copyOf(worker, n),
                Arrays.copyOf(label, n));
    }

    /** The votes with gold for the first tasks. */
    public Votes votesWithGold(int count) {
        int[] gold = new int[truth.length];
        Arrays.fill(gold, Votes.MISSING);
        System.arraycopy(truth, 0, gold, 0, count);
        return votes().withGold(gold);
    }

    /** Share of tasks, from {@code from} on, whose label is the truth. */
    public double accuracy(int[] labels, int from) {
        int right = 0;
        for (int t = from; t < truth.length; t++) {
            right += labels[t] == truth[t] ? 1 : 0;
        }
        return (double) right / (truth.length - from);
    }

    /** Share of all tasks. */
    public double accuracy(int[] labels) {
        return accuracy(labels, 0);
    }

    /** A confusion matrix of one accuracy. */
    public static double[][] coin(int classes, double accuracy) {
        double[][] confusion = new double[classes][classes];
        for (int k = 0; k < classes; k++) {
            Arrays.fill(confusion[k], (1 - accuracy) / (classes - 1));
            confusion[k][k] = accuracy;
        }
        return confusion;
    }

    private static int draw(SplittableRandom random, double[] shares) {
        double at = random.nextDouble();
        for (int k = 0; k < shares.length - 1; k++) {
            at -= shares[k];
            if (at < 0) {
                return k;
            }
        }
        return shares.length - 1;
    }
}
