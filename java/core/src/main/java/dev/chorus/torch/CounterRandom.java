package dev.chorus.torch;

import java.nio.charset.StandardCharsets;

/**
 * Random numbers as a function of (key, counter): no state, no order of calls, the same on every machine.
 *
 * <p>The mixing function is SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014), applied twice.
 */
public final class CounterRandom {
    private final long key;

    private CounterRandom(long key) {
        this.key = key;
    }

    /** A stream named by a seed and a purpose, such as a tensor's name; different names give unrelated streams. */
    public static CounterRandom of(long seed, String purpose) {
        long key = mix(seed + 0x9E3779B97F4A7C15L);
        for (byte b : purpose.getBytes(StandardCharsets.UTF_8)) {
            key = mix(key ^ b);
        }
        return new CounterRandom(key);
    }

    /** 64 uniform bits. */
    public long bits(long counter) {
        return mix(mix(key + counter * 0x9E3779B97F4A7C15L) ^ key);
    }

    /** Uniform in [0, 1), 53 bits. */
    public double uniform(long counter) {
        return (bits(counter) >>> 11) * 0x1.0p-53;
    }

    /** Uniform in [0, bound). */
    public int below(int bound, long counter) {
        return (int) (uniform(counter) * bound);
    }

    /** Standard normal (Box and Muller 1958); two uniforms a value. */
    public double normal(long counter) {
        double u = 1 - uniform(2 * counter);
        double v = uniform(2 * counter + 1);
        // StrictMath: the same bits on every machine.
        return StrictMath.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(2 * Math.PI * v);
    }

    /** A permutation of 0 to n-1 (Fisher and Yates), a function of this stream alone. */
    public int[] permutation(int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = below(i + 1, i);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
