package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;
import dev.chorus.bindings.ChorusNative.chorus_paged_attention_args;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Attention of queries over a cache of keys and values that is kept in pages of {@value #PAGE_TOKENS} tokens (pages after
 * Kwon et al., arXiv:2309.06180): for generation token by token, for prompts, and for scoring without padding. Forward only.
 *
 * <p>One layer's cache is two tensors that the caller owns, f32 or bf16:
 *
 * <pre>{@code
 * keys   [pages, G, d, 16]      transposed inside a page
 * values [pages, G, 16, d]
 * }</pre>
 *
 * <p>A sequence is a row of a table of page numbers: entry i holds the positions 16 i to 16 i + 15. Rows may share pages, as
 * beams share a prompt. H query heads read G key-value heads, head h the key-value head h / (H / G):
 *
 * <pre>{@code
 * s_j   = scale q . k_j,   softCap tanh(s_j / softCap) if there is a cap,   + slope_h (j - (length - 1))
 * out   = sum_j softmax(s)_j v_j            j from max(0, length - window) to length - 1
 * }</pre>
 *
 * <p>Everything is computed in f32. What a query gives does not depend, to the bit, on which other queries are in the call or
 * how many threads there are: a prompt in one call and its tokens one by one agree. Queries of one row that follow one another
 * are the fast case of a prompt; multiples of 16 are the fast head widths.
 */
public final class PagedAttention {
    /** Tokens of a page. */
    public static final int PAGE_TOKENS = 16;

    private static final Arguments<chorus_paged_attention_args> ARGUMENTS =
            new Arguments<>(chorus_paged_attention_args::new);

    private PagedAttention() {}

    /**
     * How scores are made.
     *
     * @param scale   of the dot products, finite
     * @param softCap scores are softCap tanh(s / softCap), as Gemma 2's; 0 for none
     * @param window  a query sees the last {@code window} positions, its own included, as Mistral's; 0 for all
     * @param slopes  [H] f32, of ALiBi (Press et al., arXiv:2108.12409), or null; the caller keeps it
     */
    public record Scores(double scale, double softCap, long window, Tensor slopes) {
        /** Dot products times 1 / sqrt(d) and nothing else. */
        public static Scores plain(long headWidth) {
            return new Scores(1 / Math.sqrt((double) headWidth), 0, 0, null);
        }
    }

    /**
     * Writes the keys and values of N tokens to their slots in the cache; everything else in it stays.
     *
     * @param keys   [pages, G, d, 16] f32 or bf16, contiguous, changed in place
     * @param values [pages, G, 16, d] of the same dtype, contiguous, changed in place
     * @param k      [N, G, d] of the same dtype; rows are dense but may lie apart, as slices of one product do
     * @param v      [N, G, d] likewise
     * @param slots  [N] int64, page times 16 plus the place in it; none comes twice
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     * @throws KernelException          if a slot is outside the cache; nothing is written then
     */
    public static void append(Tensor keys, Tensor values, Tensor k, Tensor v, Tensor slots) {
        Cache cache = Cache.check(keys, values);
        long tokens = KernelArguments.size("k", k, 0, "N", "G", "d");
        long kStride = rows("k", k, cache, tokens, cache.heads);
        long vStride = rows("v", v, cache, tokens, cache.heads);
        LongPointer s = KernelArguments.longs("slots", slots, tokens);
        int status = ChorusNative.chorus_paged_append(
                keys.data_ptr(),
                values.data_ptr(),
                k.data_ptr(),
                v.data_ptr(),
                s,
                tokens,
                cache.heads,
                cache.width,
                cache.pages,
                kStride,
                vStride,
                cache.type.code);
        KernelArguments.keepAlive(keys, values, k, v, slots);
        KernelArguments.raise(status, "paged_append", cache.shape(tokens, ""), cache.type);
    }

    /**
     * Attention of N queries; no argument is modified.
     *
     * @param q       [N, H, d] of the cache's dtype, H a multiple of G; rows are dense but may lie apart
     * @param keys    [pages, G, d, 16] f32 or bf16, contiguous
     * @param values  [pages, G, 16, d] of the same dtype, contiguous
     * @param table   [rows, maxPages] int32, contiguous; entries beyond a query's positions may hold anything
     * @param row     [N] int32, each query's row of the table
     * @param lengths [N] int32, how many positions of its row a query sees, its own included; 1 to 16 maxPages
     * @return [N, H, d] of q's dtype, new, attached to the caller's scope
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     * @throws KernelException          if a row, length or needed entry of the table is out of range; names the first such
     *                                  query
     */
    public static Tensor attend(
            Tensor q, Tensor keys, Tensor values, Tensor table, Tensor row, Tensor lengths, Scores scores) {
        Cache cache = Cache.check(keys, values);
        Tensor out = KernelArguments.empty(
                cache.type,
                KernelArguments.size("q", q, 0, "N", "H", "d"),
                KernelArguments.size("q", q, 1, "N", "H", "d"),
                KernelArguments.size("q", q, 2, "N", "H", "d"));
        attendInto(out, q, keys, values, table, row, lengths, scores);
        return out;
    }

    /**
     * As {@link #attend}, into a tensor of the caller's.
     *
     * @param out [N, H, d] of q's dtype, overwritten; rows are dense but may lie apart; shares no memory with another argument
     */
    public static void attendInto(
            Tensor out, Tensor q, Tensor keys, Tensor values, Tensor table, Tensor row, Tensor lengths, Scores scores) {
        Cache cache = Cache.check(keys, values);
        long queries = KernelArguments.size("q", q, 0, "N", "H", "d");
        long heads = q.size(1);
        long qStride = rows("q", q, cache, queries, heads);
        long outStride = rows("out", out, cache, queries, heads);
        long tableRows = KernelArguments.size("table", table, 0, "rows", "maxPages");
        long maxPages = table.size(1);
        IntPointer t = KernelArguments.ints("table", table, tableRows, maxPages);
        IntPointer r = KernelArguments.ints("row", row, queries);
        IntPointer l = KernelArguments.ints("lengths", lengths, queries);
        FloatPointer slopes = KernelArguments.floatsOrNull("slopes", scores.slopes, heads);
        chorus_paged_attention_args args = ARGUMENTS
                .cleared()
                .out(out.data_ptr())
                .q(q.data_ptr())
                .keys(keys.data_ptr())
                .values(values.data_ptr())
                .table(t)
                .row(r)
                .length(l)
                .slopes(slopes)
                .N(queries)
                .H(heads)
                .G(cache.heads)
                .d(cache.width)
                .pages(cache.pages)
                .rows(tableRows)
                .max_pages(maxPages)
                .q_stride(qStride)
                .out_stride(outStride)
                .scale(scores.scale)
                .soft_cap(scores.softCap)
                .window(scores.window)
                .type(cache.type.code);
        int status = ChorusNative.chorus_paged_attention(args);
        KernelArguments.keepAlive(out, q, keys, values, table, row, lengths, scores.slopes);
        KernelArguments.raise(status, "paged_attention", cache.shape(queries, "H=" + heads + ", "), cache.type);
    }

    /** Checks heads [N, heads, d] of the cache's dtype and returns the distance between rows. */
    private static long rows(String name, Tensor tensor, Cache cache, long count, long heads) {
        LogitType type = KernelArguments.checkLogits(name, tensor, count, heads, cache.width);
        KernelArguments.requireSameType(name, type, "the cache", cache.type);
        return KernelArguments.blockStride(name, tensor);
    }

    /** What the two tensors of a cache agree on. */
    private record Cache(LogitType type, long pages, long heads, long width) {
        static Cache check(Tensor keys, Tensor values) {
            long pages = KernelArguments.size("keys", keys, 0, "pages", "G", "d", "16");
            long heads = keys.size(1);
            long width = keys.size(2);
            LogitType type = KernelArguments.checkLogits("keys", keys, pages, heads, width, PAGE_TOKENS);
            LogitType ofValues = KernelArguments.checkLogits("values", values, pages, heads, PAGE_TOKENS, width);
            KernelArguments.requireSameType("values", ofValues, "keys", type);
            KernelArguments.requireContiguous("keys", keys);
            KernelArguments.requireContiguous("values", values);
            return new Cache(type, pages, heads, width);
        }

        String shape(long rows, String queryHeads) {
            return "[N=" + rows + ", " + queryHeads + "G=" + heads + ", d=" + width + ", pages=" + pages + "]";
        }
    }
}
