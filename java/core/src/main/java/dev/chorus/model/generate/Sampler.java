package dev.chorus.model.generate;

import dev.chorus.kernels.TokenLogProb;
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

    Sampler(GenerationSettings settings) {
        this.settings = settings;
    }

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
     * @param logits  [R, V] f32
     * @param streams [R] randomness of each row
     * @param steps   [R] tokens that each row has generated, the counter of its stream
     */
    Choice choose(Tensor logits, List<CounterRandom> streams, int[] steps) {
        int rows = steps.length;
        long[] ids = settings.temperature() == 0
                ? Tensors.toLongs(logits.argmax(new LongOptional(1), false))
                : sample(logits, streams, steps);
        float[] logps = Tensors.toFloats(
                TokenLogProb.forward(logits, Tensors.longs(ids, rows), null).logps());
        int[] chosen = new int[rows];
        double[] nats = new double[rows];
        for (int row = 0; row < rows; row++) {
            chosen[row] = Math.toIntExact(ids[row]);
            nats[row] = logps[row];
        }
        return new Choice(chosen, nats);
    }

    /** By inverting the distribution at one uniform number a token. */
    private long[] sample(Tensor logits, List<CounterRandom> streams, int[] steps) {
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
        long[] chosen = new long[steps.length];
        for (int row = 0; row < chosen.length; row++) {
            int from = row * kept;
            double uniform = streams.get(row).uniform(steps[row]);
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
