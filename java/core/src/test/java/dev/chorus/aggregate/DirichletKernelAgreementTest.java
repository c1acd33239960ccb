package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.DirichletAggregation;
import dev.chorus.kernels.DirichletAggregation.Output;
import java.util.EnumSet;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** The posteriors on plain arrays and those of the kernel are the same. */
@SuppressWarnings("try") // a PointerScope works by being open
class DirichletKernelAgreementTest {
    /** One rounding to f32 of numbers below 10. */
    private static final double F32_ROUNDING = 1e-6;

    @Test
    void posteriorsAndMeasuresOfVotes() {
        int rows = 40;
        int labelers = 5;
        double[] prior = {1, 0.5, 2, 1};
        Random random = new Random(91);
        long[] votes = random.longs((long) rows * labelers, -1, prior.length).toArray();
        try (PointerScope scope = new PointerScope();
                TensorOptions options = new TensorOptions(ScalarType.Long)) {
            Tensor tensor = torch.tensor(votes, options).reshape(rows, labelers);
            DirichletAggregation.Result result = DirichletAggregation.ofVotes(
                    tensor, null, torch.tensor(new float[] {1, 0.5f, 2, 1}), null, EnumSet.allOf(Output.class));
            for (int n = 0; n < rows; n++) {
                int[] row = new int[labelers];
                for (int w = 0; w < labelers; w++) {
                    row[w] = (int) votes[n * labelers + w];
                }
                DirichletPosterior posterior = DirichletPosterior.fromVotes(row, prior);
                DirichletUncertainty uncertainty = DirichletUncertainty.of(posterior);
                assertThat(result.get(Output.LABEL).data_ptr_long().get(n)).isEqualTo(posterior.label());
                for (int k = 0; k < prior.length; k++) {
                    int i = n * prior.length + k;
                    assertSame(result, Output.ALPHA, i, posterior.alpha()[k]);
                    assertSame(result, Output.PREDICTIVE, i, posterior.predictive()[k]);
                    assertSame(result, Output.BELIEF, i, DirichletUncertainty.belief(posterior)[k]);
                    assertSame(result, Output.VARIANCE, i, DirichletUncertainty.variance(posterior)[k]);
                }
                assertSame(result, Output.TOTAL, n, uncertainty.total());
                assertSame(result, Output.EXPECTED, n, uncertainty.expected());
                assertSame(result, Output.MUTUAL_INFORMATION, n, uncertainty.mutualInformation());
                assertSame(result, Output.DIFFERENTIAL_ENTROPY, n, uncertainty.differentialEntropy());
                assertSame(result, Output.EPKL, n, uncertainty.epkl());
                assertSame(result, Output.VACUITY, n, uncertainty.vacuity());
            }
        }
    }

    private static void assertSame(DirichletAggregation.Result result, Output output, int index, double expected) {
        assertThat((double) result.get(output).data_ptr_float().get(index))
                .as("%s %d", output, index)
                .isCloseTo(expected, within(F32_ROUNDING));
    }
}
