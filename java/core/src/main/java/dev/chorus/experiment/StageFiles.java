package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.train.Trainer.CurvePoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The JSON files that stages hand to each other. */
final class StageFiles {
    static final String TRAINING = "training.json";
    static final String LABELS = "labels.json";
    static final String AGGREGATE = "aggregate.json";
    static final String EVALUATION = "evaluation.json";
    static final String PAIRS = "pairs.json";
    static final String SCORES = "scores.json";
    static final String RIGHT = "right.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    private StageFiles() {}

    /** What a training leaves behind besides the model. */
    record Training(long parameters, int examples, List<CurvePoint> curve) {}

    /** A classifier on the test split: confidence and correctness of every sentence beside the figures. */
    record ClassEvaluation(double accuracy, double ece, double brier, double[] confidence, boolean[] correct) {}

    /** A writer of texts on the test split: its figures, by name. */
    record TextEvaluation(Map<String, Double> figures) {}

    /**
     * A preference pair.
     *
     * @param item     index among the weak examples
     * @param chosen   tokens of the preferred completion, in the student's tokenizer
     * @param rejected tokens of the other one
     * @param chosenScores   [W] mean log-probability a token of the preferred one under every weak model
     * @param rejectedScores [W] of the other one
     */
    record Pair(int item, int[] chosen, int[] rejected, double[] chosenScores, double[] rejectedScores) {}

    /** All pairs, and how many prompts gave none. */
    record Pairs(List<Pair> pairs, int dropped) {}

    /** One weak model's scores of all weak models' texts: [N][C] nats a token. */
    record Scores(double[][] means) {}

    /** Whether one weak model's labels are right, by a probe: [N] probabilities, and the penalty that it was fitted with. */
    record Right(double[] probabilities, double penalty) {}

    static void write(Path folder, String name, Object value) throws IOException {
        Files.write(folder.resolve(name), JSON.writeValueAsBytes(value));
    }

    static <T> T read(Path folder, String name, Class<T> type) throws IOException {
        return JSON.readValue(folder.resolve(name).toFile(), type);
    }
}
