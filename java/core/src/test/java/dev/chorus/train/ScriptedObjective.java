package dev.chorus.train;

import dev.chorus.loss.LossValue;
import dev.chorus.model.batch.Sequence;
import dev.chorus.train.batch.HeadRows;
import dev.chorus.train.batch.TokenRows;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.global.torch;

/** An objective whose loss a test makes up; its gradient is zero. */
final class ScriptedObjective implements TokenObjective {
    private static final Sequence ANY = new Sequence(new int[] {1, 2}, 1);

    private final Script script;

    /** The mean loss of a step's items. */
    @FunctionalInterface
    interface Script {
        double loss(int[] items, Progress at);
    }

    ScriptedObjective(Script script) {
        this.script = script;
    }

    @Override
    public TokenRows rows(int[] items, int epoch) {
        List<Sequence> sequences = Arrays.stream(items).mapToObj(item -> ANY).toList();
        return new TokenRows(items, sequences, null, items.length);
    }

    @Override
    public LossValue loss(HeadRows rows, Progress at) {
        int items = rows.batch().items().length;
        return LossValue.of(script.loss(rows.batch().items(), at) * items, items, torch.zeros_like(rows.hidden()));
    }
}
