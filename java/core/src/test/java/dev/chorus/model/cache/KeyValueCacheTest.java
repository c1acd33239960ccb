package dev.chorus.model.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.chorus.model.TinyConfigs;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.family.Architecture;
import dev.chorus.model.weights.Precision;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who holds which page, without a model: pages are taken, shared, copied and given back. */
class KeyValueCacheTest {
    private static final Architecture SHAPE = TinyConfigs.LLAMA.config().architecture();
    private static final int PAGE = KeyValueCache.PAGE;

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @Test
    void layoutIsTheKernels() {
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.BF16, 2, 3);
                Scope scope = new Scope()) {
            // Two key heads of four channels.
            assertThat(Tensors.shape(cache.keys(0))).containsExactly(3, 2, 4, PAGE);
            assertThat(Tensors.shape(cache.values(0))).containsExactly(3, 2, PAGE, 4);
            assertThat(cache.keys(1).scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
            assertThat(cache.keys(1).data_ptr()).isNotEqualTo(cache.keys(0).data_ptr());
        }
        // One layer's memory for all: what scoring needs.
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 1, 3);
                Scope scope = new Scope()) {
            assertThat(cache.keys(1).data_ptr()).isEqualTo(cache.keys(0).data_ptr());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 17, 32, 33})
    void pagesOfTokens(int tokens) {
        int pages = KeyValueCache.pagesOf(tokens);
        assertThat(pages * PAGE).isBetween(tokens, tokens + PAGE - 1);
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 1, 3)) {
            CachedSequence sequence = new CachedSequence(cache);
            new CachedBatch(cache).add(sequence, new int[tokens], 0, tokens);
            assertThat(sequence.length()).isEqualTo(tokens);
            assertThat(sequence.pageCount()).isEqualTo(pages);
            assertThat(cache.freePages()).isEqualTo(3 - pages);
            sequence.close();
            assertThat(cache.freePages()).isEqualTo(3);
            assertThat(sequence.length()).isZero();
            // Closed twice gives nothing back twice.
            sequence.close();
            assertThat(cache.freePages()).isEqualTo(3);
        }
    }

    @Test
    void everyPositionHasItsOwnSlot() {
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 1, 6)) {
            CachedSequence one = new CachedSequence(cache);
            CachedSequence two = new CachedSequence(cache);
            Set<Long> slots = new HashSet<>();
            for (int piece = 0; piece < 8; piece++) {
                new CachedBatch(cache).add(one, new int[5], 0, 5);
                new CachedBatch(cache).add(two, new int[6], 0, 6);
            }
            IntStream.range(0, 40).forEach(i -> slots.add(one.slot(i)));
            IntStream.range(0, 48).forEach(i -> slots.add(two.slot(i)));
            assertThat(slots).hasSize(88).allMatch(slot -> slot >= 0 && slot < 6 * PAGE);
            for (int i = 0; i < 40; i++) {
                assertThat(one.slot(i) % PAGE).isEqualTo(i % PAGE);
            }
        }
    }

    @Test
    void fullCacheSaysSo() {
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 1, 2)) {
            CachedSequence sequence = new CachedSequence(cache);
            new CachedBatch(cache).add(sequence, new int[32], 0, 32);
            assertThatIllegalStateException()
                    .isThrownBy(() -> new CachedBatch(cache).add(sequence, new int[1], 0, 1))
                    .withMessage("the key-value cache is full: all 2 pages of 16 tokens are held");
            assertThatIllegalStateException().isThrownBy(() -> new CachedSequence(cache).adopt(new int[16], 0));
        }
    }

    @Test
    void forksShareFullPagesAndCopyTheLastOne() {
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 2, 8);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            CachedSequence sequence = new CachedSequence(cache);
            new CachedBatch(cache).add(sequence, new int[37], 0, 37);
            for (int layer = 0; layer < 2; layer++) {
                fill(cache.keys(layer), layer);
                fill(cache.values(layer), 10 + layer);
            }
            CachedSequence fork = sequence.fork();
            assertThat(fork.length()).isEqualTo(37);
            assertThat(new int[] {fork.page(0), fork.page(1)}).containsExactly(sequence.page(0), sequence.page(1));
            assertThat(fork.page(2)).isNotEqualTo(sequence.page(2));
            assertThat(cache.freePages()).isEqualTo(4);
            assertThat(cache.isShared(sequence.page(0))).isTrue();
            assertThat(cache.isShared(sequence.page(2))).isFalse();
            for (int layer = 0; layer < 2; layer++) {
                for (Tensor tensor : new Tensor[] {cache.keys(layer), cache.values(layer)}) {
                    assertThat(Tensors.toFloats(tensor.select(0, fork.page(2))))
                            .containsExactly(Tensors.toFloats(tensor.select(0, sequence.page(2))));
                }
            }
            // A full last page is shared, and what follows goes to pages of one's own.
            new CachedBatch(cache).add(fork, new int[11], 0, 11);
            CachedSequence second = fork.fork();
            assertThat(second.page(2)).isEqualTo(fork.page(2));
            assertThat(cache.freePages()).isEqualTo(4);
            new CachedBatch(cache).add(second, new int[1], 0, 1);
            new CachedBatch(cache).add(fork, new int[1], 0, 1);
            assertThat(second.page(3)).isNotEqualTo(fork.page(3));
            sequence.close();
            assertThat(cache.freePages()).isEqualTo(3);
            fork.close();
            assertThat(cache.freePages()).isEqualTo(4);
            assertThat(cache.isShared(second.page(0))).isFalse();
            second.close();
            assertThat(cache.freePages()).isEqualTo(8);
        }
    }

    @Test
    void beginningsAreTakenOver() {
        int[] text = TinyDecoders.sequences(1000, 1, 50).get(0);
        int[] other = text.clone();
        other[20]++;
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 1, 20)) {
            CachedSequence first = new CachedSequence(cache);
            assertThat(first.adopt(text, 49)).isZero();
            assertThat(first.length()).isZero();
            new CachedBatch(cache).add(first, text, 0, 50);
            assertThat(cache.freePages()).isEqualTo(16);
            // The same text: three whole pages, and the fourth is not whole.
            CachedSequence second = new CachedSequence(cache);
            assertThat(second.adopt(text, 49)).isEqualTo(48);
            assertThat(second.length()).isEqualTo(48);
            assertThat(cache.freePages()).isEqualTo(16);
            new CachedBatch(cache).add(second, text, 48, 50);
            assertThat(cache.freePages()).isEqualTo(15);
            for (int i = 0; i < 3; i++) {
                assertThat(second.page(i)).isEqualTo(first.page(i));
            }
            assertThat(second.page(3)).isNotEqualTo(first.page(3));
            // Another token in the second page: what follows is another text, though its tokens are the same.
            CachedSequence third = new CachedSequence(cache);
            assertThat(third.adopt(other, 49)).isEqualTo(16);
            new CachedBatch(cache).add(third, other, 16, 50);
            assertThat(third.page(0)).isEqualTo(first.page(0));
            assertThat(third.page(2)).isNotEqualTo(first.page(2));
            // A shorter text of the same beginning, and one that is shorter than a page.
            assertThat(new CachedSequence(cache).adopt(Arrays.copyOf(other, 33), 32))
                    .isEqualTo(32);
            assertThat(new CachedSequence(cache).adopt(Arrays.copyOf(other, 15), 15))
                    .isZero();
        }
    }

    /** Tokens whose hidden states are wanted are computed again, on a page of one's own. */
    @Test
    void noMoreIsTakenOverThanAllowed() {
        int[] text = TinyDecoders.sequences(1000, 1, 48).get(0);
        for (int most : new int[] {0, 15, 16, 31, 32, 47, 48}) {
            try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 1, 9)) {
                CachedSequence first = new CachedSequence(cache);
                first.adopt(text, 47);
                new CachedBatch(cache).add(first, text, 0, 48);
                CachedSequence second = new CachedSequence(cache);
                int known = second.adopt(text, most);
                assertThat(known).isEqualTo(most / PAGE * PAGE);
                new CachedBatch(cache).add(second, text, known, 48);
                assertThat(second.pageCount()).isEqualTo(3);
                for (int i = 0; i < 3; i++) {
                    boolean shared = i < known / PAGE;
                    assertThat(second.page(i) == first.page(i)).isEqualTo(shared);
                    assertThat(cache.isShared(second.page(i))).isEqualTo(shared);
                }
                // The first one's pages are still the known ones.
                CachedSequence third = new CachedSequence(cache);
                assertThat(third.adopt(text, 48)).isEqualTo(48);
                assertThat(third.page(2)).isEqualTo(first.page(2));
            }
        }
    }

    @Test
    void freedPagesAreForgotten() {
        int[] text = TinyDecoders.sequences(1000, 1, 40).get(0);
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 1, 6)) {
            CachedSequence first = new CachedSequence(cache);
            first.adopt(text, 39);
            new CachedBatch(cache).add(first, text, 0, 40);
            CachedSequence half = new CachedSequence(cache);
            assertThat(half.adopt(Arrays.copyOf(text, 20), 19)).isEqualTo(16);
            first.close();
            // What half holds is still known, what only the first held is not.
            CachedSequence second = new CachedSequence(cache);
            assertThat(second.adopt(text, 39)).isEqualTo(16);
            second.close();
            half.close();
            assertThat(cache.freePages()).isEqualTo(6);
            assertThat(new CachedSequence(cache).adopt(Arrays.copyOf(text, 15), 15))
                    .isZero();
            CachedSequence third = new CachedSequence(cache);
            assertThat(third.adopt(text, 39)).isZero();
        }
    }

    /** Where frequencies depend on the length of a text, one beginning has other keys in every text. */
    @Test
    void dynamicRotationSharesNothing() {
        int[] text = TinyDecoders.sequences(1000, 1, 40).get(0);
        Architecture shape = TinyConfigs.LLAMA_DYNAMIC.config().architecture();
        try (KeyValueCache cache = new KeyValueCache(shape, Precision.F32, 1, 6)) {
            for (int i = 0; i < 2; i++) {
                CachedSequence sequence = new CachedSequence(cache);
                assertThat(sequence.adopt(text, 39)).isZero();
                new CachedBatch(cache).add(sequence, text, 0, 40);
                assertThat(sequence.pageCount()).isEqualTo(3);
            }
            assertThat(cache.freePages()).isZero();
        }
    }

    @Test
    void onlyAnEmptySequenceTakesOver() {
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 1, 6)) {
            CachedSequence sequence = new CachedSequence(cache);
            new CachedBatch(cache).add(sequence, new int[3], 0, 3);
            assertThatIllegalStateException()
                    .isThrownBy(() -> sequence.adopt(new int[32], 31))
                    .withMessage("only an empty sequence can take over a beginning");
        }
    }

    /** What the kernel is told about a batch in which one sequence takes over another's pages. */
    @Test
    void batchTellsWhereTokensLieAndWhatTheySee() {
        int[] text = TinyDecoders.sequences(1000, 1, 20).get(0);
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 1, 6);
                Scope scope = new Scope()) {
            CachedSequence first = new CachedSequence(cache);
            CachedSequence second = new CachedSequence(cache);
            CachedBatch batch = new CachedBatch(cache);
            assertThat(first.adopt(text, 19)).isZero();
            assertThat(batch.add(first, text, 0, 20)).isZero();
            assertThat(second.adopt(text, 19)).isEqualTo(16);
            assertThat(batch.add(second, text, 16, 18)).isEqualTo(20);
            assertThat(batch.tokens()).isEqualTo(22);
            assertThat(batch.ids()).hasSize(22).endsWith(text[19], text[16], text[17]);
            assertThat(batch.positions()).startsWith(0, 1).endsWith(18, 19, 16, 17);
            assertThat(batch.lengths()).startsWith(20).endsWith(20, 18, 18);
            CachedTokens tokens = batch.tokensForAttention();
            long[] slots = Tensors.toLongs(tokens.slots());
            assertThat(slots[16]).isEqualTo((long) PAGE * first.page(1));
            assertThat(slots[20]).isEqualTo((long) PAGE * second.page(1));
            assertThat(Arrays.stream(slots).distinct()).hasSize(22);
            assertThat(ints(tokens.table()))
                    .containsExactly(first.page(0), first.page(1), first.page(0), second.page(1));
            assertThat(ints(tokens.rows())).startsWith(0).endsWith(0, 1, 1);
            assertThat(ints(tokens.lengths())).startsWith(1, 2).endsWith(19, 20, 17, 18);
        }
    }

    @Test
    void closingFreesTheMemory() {
        try (KeyValueCache first = new KeyValueCache(SHAPE, Precision.F32, 2, 4)) {
            assertThat(first.freePages()).isEqualTo(4);
        }
        long before = Pointer.totalCount();
        try (KeyValueCache cache = new KeyValueCache(SHAPE, Precision.F32, 2, 4)) {
            new CachedBatch(cache).add(new CachedSequence(cache), new int[40], 0, 40);
        }
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static void fill(Tensor tensor, int start) {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = start + i;
        }
        tensor.data_ptr_float().put(values);
    }

    private static int[] ints(Tensor tensor) {
        int[] out = new int[Math.toIntExact(tensor.numel())];
        tensor.data_ptr_int().get(out);
        return out;
    }
}
