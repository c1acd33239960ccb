package dev.chorus.model.cache;

import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.Positions;
import dev.chorus.model.weights.Precision;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * Keys and values of everything that some sequences have read, in pages of sixteen tokens (after Kwon et al., arXiv:2309.06180).
 *
 * <p>All memory is taken at the start. A sequence holds a list of pages; sequences that begin alike hold the same ones, so a
 * prompt that many continuations share is computed and stored once, and no room is lost to padding.
 *
 * <p>Layout of a layer, as the attention kernel reads it: keys [pages, G, d, 16], values [pages, G, 16, d]. Not thread-safe;
 * owns its native memory until {@link #close}.
 */
public final class KeyValueCache implements AutoCloseable {
    /** Tokens of a page. */
    public static final int PAGE = 16;

    private final List<Tensor> keys = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();
    private final int[] holders;
    private final int[] free;
    private int freeCount;
    private final PrefixIndex prefixes = new PrefixIndex();
    private final boolean beginningsAreShared;

    /**
     * An empty cache.
     *
     * @param layers that keep their own keys and values; 1 where a layer's are not needed after it, as in scoring
     * @param pages  room for so many times sixteen tokens
     */
    public KeyValueCache(Architecture architecture, Precision precision, int layers, int pages) {
        int groups = architecture.attention().keyHeads();
        int d = architecture.attention().headWidth();
        // The keys of one beginning differ between texts of different lengths if frequencies depend on the length.
        beginningsAreShared = !(architecture.attention().positions() instanceof Positions.Rotary rotary
                && rotary.scaling().dependsOnLength());
        holders = new int[pages];
        free = new int[pages];
        freeCount = pages;
        for (int i = 0; i < pages; i++) {
            free[i] = pages - 1 - i;
        }
        try (Scope scope = new Scope();
                TensorOptions options = new TensorOptions(precision.type())) {
            for (int layer = 0; layer < layers; layer++) {
                keys.add(scope.release(torch.zeros(new long[] {pages, groups, d, PAGE}, options)));
                values.add(scope.release(torch.zeros(new long[] {pages, groups, PAGE, d}, options)));
            }
        }
    }

    /** Pages that so many tokens fill. */
    public static int pagesOf(int tokens) {
        return (tokens + PAGE - 1) / PAGE;
    }

    /** Pages that nobody holds. */
    public int freePages() {
        return freeCount;
    }

    /** Keys of one layer. */
    public Tensor keys(int layer) {
        return keys.get(layer % keys.size());
    }

    /** Values of one layer. */
    public Tensor values(int layer) {
        return values.get(layer % values.size());
    }

    /** Whether texts that begin alike have the same keys there. */
    boolean beginningsAreShared() {
        return beginningsAreShared;
    }

    /** Which pages hold which beginnings. */
    PrefixIndex prefixes() {
        return prefixes;
    }

    /** A page for one holder. */
    int take() {
        if (freeCount == 0) {
            throw new IllegalStateException(
                    "the key-value cache is full: all " + holders.length + " pages of " + PAGE + " tokens are held");
        }
        int page = free[--freeCount];
        holders[page] = 1;
        return page;
    }

    /** One more holder. */
    void share(int page) {
        holders[page]++;
    }

    /** Whether somebody else holds the page too. */
    boolean isShared(int page) {
        return holders[page] > 1;
    }

    /** One holder less; the last one frees the page. */
    void drop(int page) {
        if (--holders[page] == 0) {
            prefixes.forget(page);
            free[freeCount++] = page;
        }
    }

    /** Copies a page in every layer. */
    void copy(int from, int to) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            for (int layer = 0; layer < keys.size(); layer++) {
                keys.get(layer).select(0, to).copy_(keys.get(layer).select(0, from));
                values.get(layer).select(0, to).copy_(values.get(layer).select(0, from));
            }
        }
    }

    @Override
    public void close() {
        keys.forEach(Tensor::close);
        values.forEach(Tensor::close);
        keys.clear();
        values.clear();
    }
}
