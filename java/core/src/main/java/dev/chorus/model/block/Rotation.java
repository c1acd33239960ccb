package dev.chorus.model.block;

import dev.chorus.kernels.Rotary;
import dev.chorus.model.family.Positions;
import dev.chorus.torch.Tensors;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Rotary positions of the tokens of one batch (Su et al., arXiv:2104.09864): channel i of a head turns with channel i + pairs.
 *
 * @param pairs  of channels in every head, from its first
 * @param cos    [N, 1, pairs] f32
 * @param sin    [N, 1, pairs] f32
 * @param tokens [N] int64, 0 to N - 1: every token has a row of its own
 */
public record Rotation(int pairs, Tensor cos, Tensor sin, Tensor tokens) {
    /**
     * For tokens at these positions.
     *
     * @param positions [N] from 0
     * @param lengths   [N] tokens of the sequence that each belongs to, for frequencies that depend on it
     */
    public static Rotation of(Positions.Rotary rotary, long[] positions, int[] lengths) {
        int pairs = rotary.pairs();
        float[] cos = new float[positions.length * pairs];
        float[] sin = new float[positions.length * pairs];
        double[] frequencies = null;
        int length = -1;
        for (int n = 0; n < positions.length; n++) {
            if (frequencies == null || (rotary.scaling().dependsOnLength() && lengths[n] != length)) {
                length = lengths[n];
                frequencies = rotary.scaling().frequencies(rotary.channels(), rotary.theta(), length);
            }
            for (int i = 0; i < pairs; i++) {
                double angle = positions[n] * frequencies[i];
                cos[n * pairs + i] = (float) Math.cos(angle);
                sin[n * pairs + i] = (float) Math.sin(angle);
            }
        }
        return new Rotation(
                pairs,
                Tensors.floats(cos, positions.length, 1, pairs),
                Tensors.floats(sin, positions.length, 1, pairs),
                Tensors.longs(LongStream.range(0, positions.length).toArray(), positions.length));
    }

    /** x [N, heads, d] turned in place, without gradients; heads of a token lie side by side. */
    void turn(Tensor x) {
        long n = x.size(0);
        Rotary.rotateInPlace(x, cos.view(n, pairs), sin.view(n, pairs), tokens);
    }

    /** x [N, heads, d] turned, in its own dtype; computed in f32. */
    Tensor of(Tensor x) {
        int channels = 2 * pairs;
        Tensor first = x.narrow(2, 0, pairs);
        Tensor second = x.narrow(2, pairs, pairs);
        Tensor left = first.mul(cos).sub(second.mul(sin));
        Tensor right = second.mul(cos).add(first.mul(sin));
        TensorVector parts = x.size(2) == channels
                ? Tensors.vector(left, right)
                : Tensors.vector(left, right, x.narrow(2, channels, x.size(2) - channels));
        return torch.cat(parts, 2).to(x.scalar_type());
    }
}
