package dev.chorus.model.cache;

import java.util.Arrays;

/** One sequence's share of a cache: the pages that hold its tokens, in order. Closing it gives them back. */
public final class CachedSequence implements AutoCloseable {
    private final KeyValueCache cache;
    private int[] pages = new int[8];
    private int count;
    private int length;

    public CachedSequence(KeyValueCache cache) {
        this.cache = cache;
    }

    /** Tokens read so far. */
    public int length() {
        return length;
    }

    /** Pages held. */
    int pageCount() {
        return count;
    }

    /** The page of the i-th sixteen tokens. */
    int page(int i) {
        return pages[i];
    }

    /**
     * Takes over what the cache already holds of a text that this empty sequence is going to read, and remembers the rest of it
     * for those that come after.
     *
     * @param tokens of the text
     * @param most   tokens that may be taken over; the others will be computed, as their hidden states are wanted
     * @return how many need not be read, a multiple of the page
     */
    public int adopt(int[] tokens, int most) {
        if (length > 0) {
            throw new IllegalStateException("only an empty sequence can take over a beginning");
        }
        if (!cache.beginningsAreShared()) {
            return 0;
        }
        PrefixIndex prefixes = cache.prefixes();
        long parent = PrefixIndex.ROOT;
        int full = tokens.length / KeyValueCache.PAGE;
        int adopted = 0;
        boolean known = true;
        for (int i = 0; i < full; i++) {
            int from = i * KeyValueCache.PAGE;
            PrefixIndex.Entry entry = prefixes.find(parent, tokens, from);
            known &= entry != null && from + KeyValueCache.PAGE <= most;
            if (known) {
                cache.share(entry.page());
                push(entry.page());
                adopted = from + KeyValueCache.PAGE;
                parent = entry.id();
            } else if (entry == null) {
                int page = cache.take();
                push(page);
                parent = prefixes.remember(parent, tokens, from, page);
            } else {
                // Held already, but the hidden states of these tokens are wanted: a page of one's own, not worth
                // remembering.
                break;
            }
        }
        length = adopted;
        return adopted;
    }

    /** Makes room for so many further tokens; their places are {@code slot(length)} and on. */
    void extend(int tokens) {
        length += tokens;
        while (count * KeyValueCache.PAGE < length) {
            push(cache.take());
        }
    }

    /** Where the token at this position lies: page times sixteen and its place in the page. */
    long slot(int position) {
        return (long) pages[position / KeyValueCache.PAGE] * KeyValueCache.PAGE + position % KeyValueCache.PAGE;
    }

    /** Another sequence that has read the same. Full pages are shared, a page that is still being filled is copied. */
    public CachedSequence fork() {
        CachedSequence copy = new CachedSequence(cache);
        int full = length / KeyValueCache.PAGE;
        for (int i = 0; i < full; i++) {
            cache.share(pages[i]);
            copy.push(pages[i]);
        }
        if (length % KeyValueCache.PAGE != 0) {
            int page = cache.take();
            cache.copy(pages[full], page);
            copy.push(page);
        }
        copy.length = length;
        return copy;
    }

    private void push(int page) {
        if (count == pages.length) {
            pages = Arrays.copyOf(pages, 2 * count);
        }
        pages[count++] = page;
    }

    @Override
    public void close() {
        for (int i = 0; i < count; i++) {
            cache.drop(pages[i]);
        }
        count = 0;
        length = 0;
    }
}
