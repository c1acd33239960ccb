package dev.chorus.labels;

import java.util.List;

/**
 * One labeler's generated labels.
 *
 * @param labeler    its name
 * @param ids        [N] of the examples
 * @param nBest      [N] lists of candidates, best first, none empty
 * @param develScore the labeler's SLU-F1 on devel, by which the best single one is chosen
 */
public record TextLabels(String labeler, List<String> ids, List<List<TextLabel>> nBest, double develScore)
        implements Labels {
    /**
     * One generated text.
     *
     * @param text       without the end of sequence
     * @param tokenSpans [T][2] characters that every generated token covers, the end of sequence left out
     * @param tokenLogps [T + 1] log-probabilities in nats, the end of sequence last; [T] if generation was cut
     * @param ended      whether the end of sequence was generated
     */
    public record TextLabel(String text, int[][] tokenSpans, double[] tokenLogps, boolean ended) {
        /** Mean log-probability of a token. */
        public double meanLogp() {
            double sum = 0;
            for (double logp : tokenLogps) {
                sum += logp;
            }
            return sum / tokenLogps.length;
        }
    }
}
