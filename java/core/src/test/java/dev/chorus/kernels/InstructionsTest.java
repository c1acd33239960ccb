package dev.chorus.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InstructionsTest {
    @Test
    void namesOneOfTheThree() {
        assertThat(Instructions.current()).isIn("avx512", "avx2", "baseline");
    }
}
