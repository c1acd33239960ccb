package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.model.Decoder;
import dev.chorus.train.Trainer.CurvePoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The JSON files that stages hand to each other. */
final class StageFiles {
    static final String TRAINING = "training.json";
    static final String LABELS = "labels.json";
    static final String AGGREGATE = "aggregate.json";
    static final String EVALUATION = "evaluation.json";
    static final String PAIRS = "pairs.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    private StageFiles() {}

    /** What a training leaves behind besides the model. */
    record Training(long parameters, int examples, List<CurvePoint> curve) {
        static Training of(Decoder decoder, int examples, List<CurvePoint> curve) {
            return new Training(decoder.parameters().count(), examples, curve);
        }
    }

    /**
     * The ensemble's view of its scenario labels.
     *
     * @param best    index of the weak model that is best on devel
     * @param mean    [N][K] mean soft labels
     * @param entropy [N] entropy of the mean label, nats
     */
    record ClassAggregate(int best, double[][] mean, double[] entropy) {}

    /**
     * The ensemble's view of its slot labels.
     *
     * @param best    index of the weak model that is best on devel
     * @param winner  [N] the text that most weak models wrote
     * @param entropy [N] entropy of the votes over texts, nats
     * @param meanLogp [N] mean over weak models of a token's mean log-probability: breaks ties of the entropy
     */
    record TextAggregate(int best, List<String> winner, double[] entropy, double[] meanLogp) {}

    /** A classifier on the test split: confidence and correctness of every sentence beside the figures. */
    record ClassEvaluation(double accuracy, double ece, double brier, double[] confidence, boolean[] correct) {}

    /** A generator on the test split. */
    record SlotEvaluation(
            double sluF1, double precision, double recall, double wordF1, double charF1, double exactF1) {}

    /**
     * Preference pairs.
     *
     * @param item      index among the weak sentences
     * @param chosen    tokens of the preferred completion, in the student's tokenizer
     * @param rejected  tokens of the other one
     * @param referenceChosen summed log-probability under the reference
     * @param referenceRejected likewise
     */
    record Pair(int item, int[] chosen, int[] rejected, double referenceChosen, double referenceRejected) {}

    /** All pairs, and how many prompts gave none. */
    record Pairs(List<Pair> pairs, int dropped) {}

    static void write(Path folder, String name, Object value) throws IOException {
        Files.write(folder.resolve(name), JSON.writeValueAsBytes(value));
    }

    static <T> T read(Path folder, String name, Class<T> type) throws IOException {
        return JSON.readValue(folder.resolve(name).toFile(), type);
    }
}
