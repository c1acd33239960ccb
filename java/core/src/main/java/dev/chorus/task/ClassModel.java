package dev.chorus.task;

import dev.chorus.data.Item;
import dev.chorus.eval.Accuracy;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.score.Classifier;
import dev.chorus.text.Tokenizer;
import java.util.List;

/**
 * A decoder that names the class of a text, from the state of its last token.
 *
 * @param model    with a classification head of as many classes
 * @param lesson   the classes, in the order of the head
 * @param evidence null for a softmax over the logits; otherwise logits are evidence and the answer is the mean of the
 *                 Dirichlet, alpha / S with alpha = evidence + 1 (Sensoy et al., arXiv:1806.01768)
 */
public record ClassModel<E extends Item>(ModelFolder model, ClassLesson<E> lesson, Evidence evidence) {
    private static final int BATCH = 128;

    /** [N][K] probabilities. */
    public double[][] probabilities(List<E> examples) {
        double[][] rows = Classifier.logits(model.decoder(), inputs(model.tokenizer(), examples), BATCH);
        for (double[] row : rows) {
            if (evidence == null) {
                softmaxInPlace(row);
            } else {
                dirichletMeanInPlace(row);
            }
        }
        return rows;
    }

    /** Share of examples whose gold class gets the highest probability. */
    public double accuracy(List<E> examples) {
        return Accuracy.of(probabilities(examples), lesson.gold(examples));
    }

    /** Token ids of every text as the classifier reads it. */
    public static List<int[]> inputs(Tokenizer tokenizer, List<? extends Item> examples) {
        return examples.stream()
                .map(example -> SentencePrompt.encode(tokenizer, example.text()))
                .toList();
    }

    private void dirichletMeanInPlace(double[] logits) {
        double sum = 0;
        for (int k = 0; k < logits.length; k++) {
            double z = logits[k];
            logits[k] = 1
                    + switch (evidence) {
                        // Beyond e^300 the ones no longer matter, and the sum stays finite.
                        case EXP -> Math.exp(Math.min(z, 300));
                        case SOFTPLUS -> Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
                        case RELU -> Math.max(z, 0);
                    };
            sum += logits[k];
        }
        for (int k = 0; k < logits.length; k++) {
            logits[k] /= sum;
        }
    }

    private static void softmaxInPlace(double[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (int k = 0; k < logits.length; k++) {
            logits[k] = Math.exp(logits[k] - max);
            sum += logits[k];
        }
        for (int k = 0; k < logits.length; k++) {
            logits[k] /= sum;
        }
    }
}
