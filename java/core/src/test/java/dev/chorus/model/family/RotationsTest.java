package dev.chorus.model.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.TinyConfigs;
import dev.chorus.model.family.Positions.Alibi;
import dev.chorus.model.family.Positions.Rotary;
import dev.chorus.model.family.RotaryScaling.Dynamic;
import dev.chorus.model.family.RotaryScaling.Linear;
import dev.chorus.model.family.RotaryScaling.Llama3;
import dev.chorus.model.family.RotaryScaling.None;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rotary positions and ALiBi as configs describe them, and the numbers that come of them. */
class RotationsTest {
    /** Of numbers that transformers computed in f32. */
    private static final double SINGLE = 3e-7;

    /** Of the same formula in double, in another order. */
    private static final double ROUNDING = 1e-13;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"rope_theta\": 5e5, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}",
                "\"rope_theta\": 5e5, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.0}",
                "\"rope_theta\": 5e5, \"rope_scaling\": {\"rope_type\": \"linear\", \"type\": \"linear\", \"factor\": 2}",
                "\"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 2, \"rope_theta\": 500000}",
                "\"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 2}, \"rope_theta\": 500000",
                "\"rope_parameters\": null, \"rope_theta\": 5e5, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}"
            })
    void bothSpellingsOfLinear(String keys) {
        assertThat(rotary("llama", keys)).isEqualTo(new Rotary(12, 500_000, new Linear(2)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1.5, "
                        + "\"high_freq_factor\": 4, \"original_max_position_embeddings\": 8192}",
                "\"rope_parameters\": {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1.5, "
                        + "\"high_freq_factor\": 4, \"original_max_position_embeddings\": 8192, \"rope_theta\": 1e4}",
                "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1.5, "
                        + "\"high_freq_factor\": 4}, \"original_max_position_embeddings\": 8192"
            })
    void bothSpellingsOfLlama3(String keys) {
        assertThat(rotary("llama", keys)).isEqualTo(new Rotary(12, 10_000, new Llama3(8, 1.5, 4, 8192)));
    }

    @Test
    void otherTypesAndShares() {
        Rotary plain = new Rotary(12, 10_000, new None());
        assertThat(rotary("llama", "\"rope_scaling\": null")).isEqualTo(plain);
        assertThat(rotary("llama", "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 10000}"))
                .isEqualTo(plain);
        // Dynamic growth counts from the config's longest sequence.
        assertThat(rotary("llama", "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 4}"))
                .isEqualTo(new Rotary(12, 10_000, new Dynamic(4, 9000)));
        Rotary half = new Rotary(6, 10_000, new None());
        assertThat(rotary("phi3", "\"partial_rotary_factor\": 0.5")).isEqualTo(half);
        assertThat(rotary("phi3", "\"rope_parameters\": {\"rope_type\": \"default\", \"partial_rotary_factor\": 0.5}"))
                .isEqualTo(half);
        assertThat(rotary("gpt_neox", "\"rotary_pct\": 0.5, \"rotary_emb_base\": 10000"))
                .isEqualTo(half);
        assertThat(rotary("gpt_neox", "\"rotary_emb_base\": 77")).isEqualTo(new Rotary(3, 77, new None()));
        assertThat(rotary("gpt_neox", "\"rope_parameters\": {\"partial_rotary_factor\": 0.5, \"rope_theta\": 10000}"))
                .isEqualTo(half);
        assertThat(new Rotary(3, 77, new None()).pairs()).isEqualTo(2);
    }

    /** theta 500,000, 16 channels; numbers of transformers 5. */
    @Test
    void frequenciesAreThoseOfTransformers() {
        assertFrequencies(
                new Llama3(8, 1, 4, 8192),
                17,
                1,
                0.193922758,
                0.0376060307,
                0.00729266508,
                0.000524846022,
                3.42810235e-05,
                6.64786967e-06,
                1.28917316e-06);
        assertFrequencies(
                new Linear(4),
                17,
                0.25,
                0.0484806895,
                0.00940150768,
                0.00182316627,
                0.000353553361,
                6.85620471e-05,
                1.32957393e-05,
                2.57834631e-06);
        double[] trained = {
            1, 0.193922758, 0.0376060307, 0.00729266508, 0.00141421345, 0.000274248188, 5.31829573e-05, 1.03133852e-05
        };
        assertFrequencies(new None(), 8192, trained);
        assertFrequencies(new Dynamic(2, 2048), 1, trained);
        assertFrequencies(new Dynamic(2, 2048), 2048, trained);
        assertFrequencies(
                new Dynamic(2, 2048),
                8192,
                1,
                0.14685896,
                0.0215675551,
                0.00316738896,
                0.000465159421,
                6.8312831e-05,
                1.00323514e-05,
                1.47334072e-06);
    }

    /** By wavelengths instead of frequencies, over every region and its borders. */
    @Test
    void llama3MixesByWavelength() {
        double factor = 6;
        double low = 1.25;
        double high = 3;
        int trained = 300;
        int channels = 40;
        double theta = 900;
        double[] found = new Llama3(factor, low, high, trained).frequencies(channels, theta, 1);
        boolean kept = false;
        boolean mixed = false;
        boolean divided = false;
        for (int i = 0; i < found.length; i++) {
            double wavelength = 2 * Math.PI * Math.exp(2.0 * i / channels * Math.log(theta));
            double expected;
            if (wavelength < trained / high) {
                expected = 2 * Math.PI / wavelength;
                kept = true;
            } else if (wavelength > trained / low) {
                expected = 2 * Math.PI / (factor * wavelength);
                divided = true;
            } else {
                double share = (trained / wavelength - low) / (high - low);
                expected = 2 * Math.PI / wavelength * (share + (1 - share) / factor);
                mixed = true;
            }
            assertThat(found[i]).isCloseTo(expected, within(ROUNDING));
        }
        assertThat(kept && mixed && divided).isTrue();
    }

    @Test
    void oddChannelsTurnOnePairMore() {
        double[] found = new None().frequencies(5, 100, 1);
        assertThat(found)
                .containsExactly(
                        new double[] {1, Math.exp(-0.4 * Math.log(100)), Math.exp(-0.8 * Math.log(100))},
                        within(ROUNDING));
        assertThat(new None().dependsOnLength()).isFalse();
        assertThat(new Llama3(8, 1, 4, 8192).dependsOnLength()).isFalse();
        assertThat(new Dynamic(2, 2048).dependsOnLength()).isTrue();
    }

    /** Slopes that transformers gives BLOOM, for powers of two and other numbers. */
    @Test
    void slopes() {
        assertThat(Alibi.slopes(1)).containsExactly(1 / 256.0);
        assertThat(Alibi.slopes(4)).containsExactly(1 / 4.0, 1 / 16.0, 1 / 64.0, 1 / 256.0);
        assertThat(Alibi.slopes(6)).containsExactly(1 / 4.0, 1 / 16.0, 1 / 64.0, 1 / 256.0, 1 / 2.0, 1 / 8.0);
        double[] eight = {1 / 2.0, 1 / 4.0, 1 / 8.0, 1 / 16.0, 1 / 32.0, 1 / 64.0, 1 / 128.0, 1 / 256.0};
        assertThat(Alibi.slopes(8)).containsExactly(eight);
        double[] twelve = Alibi.slopes(12);
        assertThat(twelve).startsWith(eight).hasSize(12);
        assertThat(new double[] {twelve[8], twelve[9], twelve[10], twelve[11]})
                .containsExactly(new double[] {0.707106769, 0.353553385, 0.176776677, 0.0883883387}, within(SINGLE));
        double[] many = Alibi.slopes(112);
        assertThat(many).hasSize(112);
        assertThat(new double[] {many[0], many[1], many[63], many[64], many[111]})
                .containsExactly(
                        new double[] {0.917004049, 0.840896428, 0.0039062514, 0.957603276, 0.0163167696},
                        within(SINGLE));
    }

    private static void assertFrequencies(RotaryScaling scaling, int tokens, double... expected) {
        double[] found = scaling.frequencies(16, 500_000, tokens);
        assertThat(found).hasSize(8);
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).isCloseTo(expected[i], within(SINGLE * expected[i]));
        }
    }

    private static Rotary rotary(String type, String keys) {
        return (Rotary) TinyConfigs.read(ModelConfigTest.llama(type, keys))
                .architecture()
                .attention()
                .positions();
    }
}
