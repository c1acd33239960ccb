package dev.chorus.train;

import dev.chorus.loss.LossValue;
import dev.chorus.model.Decoder;
import dev.chorus.model.Pass;
import dev.chorus.model.batch.CompletionRows;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import dev.chorus.train.batch.ClassRows;
import dev.chorus.train.batch.HeadRows;
import dev.chorus.train.batch.TokenRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;

/**
 * One training step's way through a model, for every objective: pack the sequences, run forward, select the rows that count,
 * call the loss, run backward. Gradients are added to the parameters' own; the optimizer is somebody else's business.
 *
 * <p>A step's examples go through in micro-batches. Each micro-batch's loss is divided by the count of the whole step, so that
 * the gradient does not depend on how the step was cut, but for rounding.
 */
public final class Step {
    private final Decoder decoder;
    private final Objective objective;
    private final int microBatch;
    private final long seed;

    /**
     * Steps of one training.
     *
     * @param microBatch examples that go through at a time; 0 for all of a step
     * @param seed       of the training; the adapters' dropout is a function of it, the step and the place in the model
     */
    public Step(Decoder decoder, Objective objective, int microBatch, long seed) {
        this.decoder = decoder;
        this.objective = objective;
        this.microBatch = microBatch;
        this.seed = seed;
    }

    /**
     * What a step gave.
     *
     * @param loss    mean over what counts, nats; 0 if nothing does
     * @param count   what it was divided by
     * @param metrics of the loss, each a mean likewise
     */
    public record Outcome(double loss, double count, Map<String, Double> metrics) {}

    /**
     * Adds the gradients of a step's mean loss.
     *
     * @param items indexes of the examples
     */
    public Outcome run(int[] items, Progress at) {
        List<int[]> parts = parts(items);
        return objective instanceof TokenObjective tokens ? tokens(tokens, parts, at) : classes(parts, at);
    }

    private Outcome tokens(TokenObjective tokens, List<int[]> parts, Progress at) {
        List<TokenRows> all =
                parts.stream().map(part -> tokens.rows(part, at.epoch())).toList();
        Sum sum = new Sum(all.stream().mapToDouble(TokenRows::count).sum());
        for (int micro = 0; micro < all.size() && sum.total > 0; micro++) {
            TokenRows rows = all.get(micro);
            if (!rows.sequences().isEmpty()) {
                try (Scope scope = new Scope()) {
                    sum.add(onTokens(tokens, rows, sum.total, micro, at));
                }
            }
        }
        return sum.outcome();
    }

    private LossValue onTokens(TokenObjective tokens, TokenRows rows, double total, int micro, Progress at) {
        FlatBatch flat =
                FlatBatch.of(rows.sequences().stream().map(Sequence::tokens).toList());
        CompletionRows chosen = CompletionRows.of(
                flat, rows.sequences().stream().mapToInt(Sequence::start).toArray());
        Pass pass = decoder.forward(flat, dropout(at.step(), micro));
        Tensor hidden = pass.hidden().index_select(0, Tensors.longs(chosen.rows(), chosen.count()));
        LossValue loss = tokens.loss(
                new HeadRows(
                        rows,
                        hidden.detach(),
                        decoder.head(),
                        decoder.headGradients(),
                        chosen.targets(),
                        chosen.sequence(),
                        total),
                at);
        pass.backward(hidden, loss.gradient());
        return loss;
    }

    private Outcome classes(List<int[]> parts, Progress at) {
        ClassObjective classes = (ClassObjective) objective;
        List<ClassRows> all = parts.stream().map(classes::rows).toList();
        Sum sum = new Sum(all.stream().mapToDouble(ClassRows::count).sum());
        for (int micro = 0; micro < all.size() && sum.total > 0; micro++) {
            ClassRows rows = all.get(micro);
            if (!rows.sequences().isEmpty()) {
                try (Scope scope = new Scope()) {
                    FlatBatch flat = FlatBatch.of(rows.sequences());
                    Pass pass = decoder.forward(flat, dropout(at.step(), micro));
                    Tensor logits = decoder.classLogits(pass.hidden(), flat);
                    LossValue loss = classes.loss(logits.detach(), rows, sum.total, at);
                    pass.backward(logits, loss.gradient());
                    sum.add(loss);
                }
            }
        }
        return sum.outcome();
    }

    private CounterRandom dropout(int step, int micro) {
        return CounterRandom.of(seed, "dropout/" + step + "/" + micro);
    }

    private List<int[]> parts(int[] items) {
        int size = microBatch == 0 ? items.length : microBatch;
        List<int[]> parts = new ArrayList<>();
        for (int from = 0; from < items.length; from += size) {
            parts.add(Arrays.copyOfRange(items, from, Math.min(from + size, items.length)));
        }
        return parts;
    }

    /** Losses of micro-batches, added up. */
    private static final class Sum {
        private final double total;
        private final Map<String, Double> metrics = new TreeMap<>();
        private double loss;

        Sum(double total) {
            this.total = total;
        }

        void add(LossValue value) {
            loss += value.sum();
            value.metrics().forEach((name, each) -> metrics.merge(name, each, Double::sum));
        }

        Outcome outcome() {
            if (total == 0) {
                return new Outcome(0, 0, Map.of());
            }
            metrics.replaceAll((name, each) -> each / total);
            return new Outcome(loss / total, total, metrics);
        }
    }
}
