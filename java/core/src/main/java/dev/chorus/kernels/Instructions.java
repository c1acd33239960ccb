package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;

/** Which instructions the kernels' vector loops use on this machine. */
public final class Instructions {
    private Instructions() {}

    /**
     * The instruction set: {@code avx512}, {@code avx2} or {@code baseline}. The environment variable {@code CHORUS_ISA} with
     * one of these names sets a lower one, for measurements.
     */
    public static String current() {
        return ChorusNative.chorus_isa().getString();
    }
}
