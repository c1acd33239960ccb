package dev.chorus.model.generate;

import dev.chorus.kernels.TokenLogProb;
import dev.chorus.model.NotFiniteException;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.Tensors;
import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Chooses every row's next token. */
final class Sampler {
    private final GenerationSettings settings;
    private final LogitRules rules;

    Sampler(GenerationSettings settings, LogitRules rules) {
        this.settings = settings;
        this.rules = rules;
    }

    /**
     * What one row is.
     *
     * @param prompt    token ids
     * @param generated token ids so far; their number is the counter of the stream
     * @param stream    its randomness
     */
    record Row(int[] prompt, int[] generated, CounterRandom stream) {}

    /**
     * The next tokens.
     *
     * @param ids   [R]
     * @param logps [R] under the model itself, nats
     */
    record Choice(int[] ids, double[] logps) {}

    /**
     * Chooses.
     *
     * @param logits [R, V] f32
     * @param rows   [R]
     * @throws NotFiniteException if a logit is no finite number
     */
    Choice choose(Tensor logits, List<Row> rows) {
        if (!logits.isfinite().all().item_bool()) {
            throw new NotFiniteException("the model's logits are not finite", null);
        }
        Tensor ruled = rules.none() ? logits : ruled(logits, rows);
        long[] ids = settings.temperature() == 0
                ? Tensors.toLongs(ruled.argmax(new LongOptional(1), false))
                : sample(ruled, rows);
        float[] logps = Tensors.toFloats(TokenLogProb.forward(logits, Tensors.longs(ids, ids.length), null)
                .logps());
        int[] chosen = new int[ids.length];
        double[] nats = new double[ids.length];
        for (int row = 0; row < ids.length; row++) {
            chosen[row] = Math.toIntExact(ids[row]);
            nats[row] = logps[row];
        }
        return new Choice(chosen, nats);
    }

    private Tensor ruled(Tensor logits, List<Row> rows) {
        float[] scores = Tensors.toFloats(logits);
        int v = Math.toIntExact(logits.size(1));
        for (int row = 0; row < rows.size(); row++) {
            rules.apply(
                    scores, row * v, v, rows.get(row).prompt(), rows.get(row).generated());
        }
        return Tensors.floats(scores, rows.size(), v);
    }

    /** By inverting the distribution at one uniform number a token. */
    private long[] sample(Tensor logits, List<Row> rows) {
        int v = Math.toIntExact(logits.size(1));
        int kept = settings.topK() > 0 ? Math.min(settings.topK(), v) : v;
        Tensor heated = logits.div(new Scalar(settings.temperature()));
        boolean ranked = kept < v || settings.topP() < 1;
        long[] ids = null;
        if (ranked) {
            // Probabilities are needed in falling order, and equal ones in the order of their ids.
            T_TensorTensor_T sorted = heated.sort(new BoolOptional(true), 1, true);
            heated = sorted.get0().narrow(1, 0, kept);
            ids = Tensors.toLongs(sorted.get1().narrow(1, 0, kept));
        }
        float[] probabilities = Tensors.toFloats(torch.softmax(heated, 1));
        long[] chosen = new long[rows.size()];
        for (int row = 0; row < chosen.length; row++) {
            int from = row * kept;
            double uniform = rows.get(row).stream().uniform(rows.get(row).generated().length);
            int place = invert(probabilities, from, kept, ranked ? settings.topP() : 1, uniform);
            chosen[row] = ranked ? ids[from + place] : place;
        }
        return chosen;
    }

    /**
     * The place where the cumulative probability of the nucleus passes its {@code uniform}-th part.
     *
     * @param p [from, from + count) probabilities; in falling order if topP is below 1
     */
    static int invert(float[] p, int from, int count, double topP, double uniform) {
        double total = 0;
        int last = -1;
        for (int i = 0; i < count && (last < 0 || total < topP); i++) {
            total += p[from + i];
            last = i;
        }
        double wanted = uniform * total;
        double sum = 0;
        for (int i = 0; i < last; i++) {
            sum += p[from + i];
            if (sum > wanted) {
                return i;
            }
        }
        return last;
    }
}
