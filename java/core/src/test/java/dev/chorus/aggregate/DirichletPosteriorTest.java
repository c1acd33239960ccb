package dev.chorus.aggregate;

import static dev.chorus.aggregate.MajorityVote.MISSING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class DirichletPosteriorTest {

    private static final double[] ONES = {1, 1, 1};

    /** A handful of roundings of numbers below 10. */
    private static final double EXACT = 1e-14;

    @Test
    void addsVotesToThePrior() {
        DirichletPosterior posterior =
                DirichletPosterior.fromVotes(new int[] {0, 0, MISSING, 1}, new double[] {1, 1, 5, .5}, ONES);
        assertThat(posterior.alpha()).containsExactly(3, 1.5, 1);
        assertThat(posterior.strength()).isEqualTo(5.5);
        assertThat(posterior.classes()).isEqualTo(3);
        assertThat(posterior.label()).isZero();
        assertThat(posterior.predictive()).containsExactly(new double[] {3 / 5.5, 1.5 / 5.5, 1 / 5.5}, within(EXACT));
    }

    @Test
    void addsSoftLabelsToThePrior() {
        DirichletPosterior posterior = DirichletPosterior.fromSoftLabels(
                new double[][] {{.5, .5, 0}, null, {0, .25, .75}},
                new double[] {2, 9, 1},
                DirichletPosterior.symmetricPrior(3, .5));
        assertThat(posterior.alpha()).containsExactly(1.5, 1.75, 1.25);
        assertThat(posterior.label()).isEqualTo(1);
    }

    @Test
    void aHardVoteIsAOneHotSoftLabel() {
        double[] hard = DirichletPosterior.fromVotes(new int[] {2, 1, 2}, ONES).alpha();
        double[] soft = DirichletPosterior.fromSoftLabels(new double[][] {{0, 0, 1}, {0, 1, 0}, {0, 0, 1}}, ONES)
                .alpha();
        assertThat(hard).isEqualTo(soft);
    }

    @Test
    void weightsCountAsVotes() {
        assertThat(DirichletPosterior.fromVotes(new int[] {0, 1}, new double[] {2, 0}, ONES)
                        .alpha())
                .isEqualTo(DirichletPosterior.fromVotes(new int[] {0, 0}, ONES).alpha());
    }

    @Test
    void withoutAnswersItIsThePrior() {
        assertThat(DirichletPosterior.fromVotes(new int[] {MISSING}, ONES).alpha())
                .isEqualTo(ONES);
        assertThat(DirichletPosterior.fromSoftLabels(new double[2][], ONES).alpha())
                .isEqualTo(ONES);
    }

    @Test
    void isImmutable() {
        double[] alpha = {4, 2, 1};
        DirichletPosterior posterior = DirichletPosterior.of(alpha);
        alpha[0] = 9;
        posterior.alpha()[1] = 9;
        posterior.predictive()[2] = 9;
        assertThat(posterior.alpha()).containsExactly(4, 2, 1);
    }

    @Test
    void refusesWhatIsOutOfRange() {
        assertThatThrownBy(() -> DirichletPosterior.of(1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Dirichlet posterior: expected positive finite concentrations, got 0.0 for class 1");
        assertThatThrownBy(DirichletPosterior::of)
                .hasMessage("Dirichlet posterior: expected concentrations of at least 1 class, got none");
        assertThatThrownBy(() -> DirichletPosterior.symmetricPrior(2, -1))
                .hasMessage("Dirichlet posterior: expected positive finite prior, got -1.0 for class 0");
        assertThatThrownBy(() -> DirichletPosterior.symmetricPrior(0, 1))
                .hasMessage("Dirichlet posterior: expected at least 1 class, got 0");
        assertThatThrownBy(() -> DirichletPosterior.fromVotes(new int[] {3}, ONES))
                .hasMessage("Dirichlet posterior: expected votes in 0 to 2 or -1 for none, got 3 from labeler 0");
        assertThatThrownBy(() -> DirichletPosterior.fromSoftLabels(new double[][] {{1, 0}}, ONES))
                .hasMessage("Dirichlet posterior: expected soft labels over 3 classes, got 2 from labeler 0");
        assertThatThrownBy(() -> DirichletPosterior.fromVotes(new int[1], new double[] {Double.NaN}, ONES))
                .hasMessage("Dirichlet posterior: expected finite weights of at least 0, got NaN for labeler 0");
    }
}
