package dev.chorus.model.block;

import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.Positions;
import dev.chorus.torch.Tensors;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * How flat tokens [N] become a padded [S * Tmax] inside attention, and return; and which keys a query may look at there.
 *
 * <p>Padding lies behind the real tokens, so causal attention needs no mask for it: no real query looks behind itself. A mask
 * is made only for windows and ALiBi, once a pass.
 */
public final class Packing {
    private static final float HIDDEN = Float.NEGATIVE_INFINITY;

    private final Tensor index;
    private final int sequences;
    private final int longest;
    private final Map<Integer, Tensor> masks = new HashMap<>();

    private Packing(Tensor index, int sequences, int longest) {
        this.index = index;
        this.sequences = sequences;
        this.longest = longest;
    }

    /**
     * For sequences laid end to end, with the masks that the architecture's layers need.
     *
     * @param offsets [S + 1] where every sequence starts
     */
    public static Packing of(int[] offsets, Architecture architecture) {
        int sequences = offsets.length - 1;
        int tokens = offsets[sequences];
        int longest = 0;
        for (int s = 0; s < sequences; s++) {
            longest = Math.max(longest, offsets[s + 1] - offsets[s]);
        }
        Tensor index = null;
        if (tokens != sequences * longest) {
            long[] places = new long[tokens];
            for (int s = 0; s < sequences; s++) {
                for (int i = offsets[s]; i < offsets[s + 1]; i++) {
                    places[i] = (long) s * longest + i - offsets[s];
                }
            }
            index = Tensors.longs(places, tokens);
        }
        Packing packing = new Packing(index, sequences, longest);
        Architecture.Attention attention = architecture.attention();
        boolean alibi = attention.positions() instanceof Positions.Alibi;
        for (int window : architecture.windows()) {
            boolean slides = window > 0 && window < longest;
            // Capped scores are masked by hand, so they need the causal mask too.
            if (slides || alibi || attention.softCap() > 0) {
                packing.masks.computeIfAbsent(window, w -> packing.build(slides ? w : 0, alibi, attention.heads()));
            }
        }
        return packing;
    }

    /** S. */
    int sequences() {
        return sequences;
    }

    /** Tmax. */
    int longest() {
        return longest;
    }

    /** [N, M] to [S * Tmax, M], zeros between. */
    Tensor pad(Tensor flat) {
        if (index == null) {
            return flat;
        }
        return flat.new_zeros((long) sequences * longest, flat.size(1)).index_copy(0, index, flat);
    }

    /** [S * Tmax, M] to [N, M]. */
    Tensor unpad(Tensor padded) {
        return index == null ? padded : padded.index_select(0, index);
    }

    /**
     * What is added to the scores [S, H, Tmax, Tmax], f32: -infinity where a key is hidden, ALiBi's penalties elsewhere.
     *
     * @param window of the layer
     * @return [1 or H, Tmax, Tmax], or null where plain causal attention is all there is to it
     */
    Tensor mask(int window) {
        return masks.get(window);
    }

    private Tensor build(int window, boolean alibi, int heads) {
        double[] slopes = alibi ? Positions.Alibi.slopes(heads) : new double[1];
        int t = longest;
        float[] mask = new float[Math.multiplyExact(slopes.length, Math.multiplyExact(t, t))];
        for (int h = 0; h < slopes.length; h++) {
            for (int query = 0; query < t; query++) {
                for (int key = 0; key < t; key++) {
                    boolean seen = key <= query && (window == 0 || key > query - window);
                    mask[(h * t + query) * t + key] = seen ? (float) (slopes[h] * (key - query)) : HIDDEN;
                }
            }
        }
        return Tensors.floats(mask, slopes.length, t, t);
    }
}
