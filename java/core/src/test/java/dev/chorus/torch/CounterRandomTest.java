package dev.chorus.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CounterRandomTest {
    private static final int SAMPLES = 20_000;

    /** Five standard errors of a mean of {@link #SAMPLES} values of variance 1; seeds are fixed, so it holds or not for good. */
    private static final double FIVE_SIGMA = 5 / Math.sqrt(SAMPLES);

    @Test
    void sameKeySameNumbers() {
        CounterRandom random = CounterRandom.of(17, "order/0");
        CounterRandom again = CounterRandom.of(17, "order/0");
        // In another order of calls: there is no state.
        long[] forward = LongStream.range(0, 100).map(random::bits).toArray();
        long[] backward = LongStream.range(0, 100).map(i -> again.bits(99 - i)).toArray();
        assertThat(IntStream.range(0, 100).mapToLong(i -> backward[99 - i]).toArray())
                .containsExactly(forward);
    }

    /** From a second implementation; a change of these bits changes every experiment. */
    @Test
    void bitsStayWhatTheyAre() {
        CounterRandom random = CounterRandom.of(17, "order/0");
        assertThat(new long[] {random.bits(0), random.bits(1), random.bits(2), random.bits(1_000_000_007)})
                .containsExactly(0xd03fc5ca9f2755b5L, 0xfa684daaac7da09cL, 0x9f61f6dbb8ea02dcL, 0x9dcde5d7e906a9b2L);
    }

    @Test
    void otherNamesSeedsAndCountersAreUnrelated() {
        double[] base = uniforms(CounterRandom.of(1, "a"), 0);
        assertThat(correlation(base, uniforms(CounterRandom.of(1, "b"), 0))).isCloseTo(0, within(FIVE_SIGMA));
        assertThat(correlation(base, uniforms(CounterRandom.of(2, "a"), 0))).isCloseTo(0, within(FIVE_SIGMA));
        assertThat(correlation(base, uniforms(CounterRandom.of(1, "aa"), 0))).isCloseTo(0, within(FIVE_SIGMA));
        assertThat(correlation(base, uniforms(CounterRandom.of(1, "a"), 1))).isCloseTo(0, within(FIVE_SIGMA));
    }

    @Test
    void uniformHasTheMomentsOfAUniform() {
        double[] values = uniforms(CounterRandom.of(3, "uniform"), 0);
        assertThat(Arrays.stream(values)).allMatch(value -> value >= 0 && value < 1);
        assertThat(mean(values)).isCloseTo(0.5, within(FIVE_SIGMA * Math.sqrt(1 / 12.0)));
        // The variance of (u - 1/2)^2 is 1/180.
        assertThat(variance(values)).isCloseTo(1 / 12.0, within(FIVE_SIGMA * Math.sqrt(1 / 180.0)));
    }

    @Test
    void normalHasTheMomentsOfANormal() {
        CounterRandom random = CounterRandom.of(5, "normal");
        double[] values =
                LongStream.range(0, SAMPLES).mapToDouble(random::normal).toArray();
        assertThat(mean(values)).isCloseTo(0, within(FIVE_SIGMA));
        // The variance of x^2 is 2.
        assertThat(variance(values)).isCloseTo(1, within(FIVE_SIGMA * Math.sqrt(2)));
        double inside =
                Arrays.stream(values).filter(value -> Math.abs(value) < 1).count() / (double) SAMPLES;
        assertThat(inside).isCloseTo(0.6826894921, within(FIVE_SIGMA * 0.47));
    }

    @Test
    void permutationHoldsEveryIndexOnceAndRepeats() {
        for (int n : new int[] {0, 1, 2, 7, 1000}) {
            int[] order = CounterRandom.of(7, "order/3").permutation(n);
            assertThat(Arrays.stream(order).sorted().toArray())
                    .containsExactly(IntStream.range(0, n).toArray());
            assertThat(CounterRandom.of(7, "order/3").permutation(n)).containsExactly(order);
        }
        assertThat(CounterRandom.of(7, "order/3").permutation(1000))
                .isNotEqualTo(CounterRandom.of(7, "order/4").permutation(1000))
                .isNotEqualTo(CounterRandom.of(8, "order/3").permutation(1000));
    }

    @Test
    void everyPermutationIsEquallyLikely() {
        int[] counts = new int[256];
        int draws = 24_000;
        for (int i = 0; i < draws; i++) {
            int[] order = CounterRandom.of(11, "order/" + i).permutation(4);
            counts[order[0] + 4 * order[1] + 16 * order[2] + 64 * order[3]]++;
        }
        double chiSquare = 0;
        int seen = 0;
        for (int count : counts) {
            if (count > 0) {
                seen++;
                chiSquare += Math.pow(count - draws / 24.0, 2) / (draws / 24.0);
            }
        }
        assertThat(seen).isEqualTo(24);
        // 23 degrees of freedom: exceeded once in a million draws.
        assertThat(chiSquare).isLessThan(69);
    }

    private static double[] uniforms(CounterRandom random, long from) {
        return LongStream.range(from, from + SAMPLES)
                .mapToDouble(random::uniform)
                .toArray();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double variance(double[] values) {
        double mean = mean(values);
        return Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElseThrow();
    }

    private static double correlation(double[] a, double[] b) {
        double meanA = mean(a);
        double meanB = mean(b);
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - meanA) * (b[i] - meanB);
        }
        return sum / a.length / Math.sqrt(variance(a) * variance(b));
    }
}
