package dev.chorus.experiment;

import dev.chorus.data.Item;
import dev.chorus.labels.ItemWeights;
import dev.chorus.labels.Labels;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.stage.Stage;
import dev.chorus.torch.CounterRandom;
import dev.chorus.train.Objective;
import dev.chorus.train.TrainSettings;
import dev.chorus.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;

/** A training inside a stage: its seed, its progress, and what it leaves behind. */
final class Teaching {
    private Teaching() {}

    /**
     * What is taught.
     *
     * @param examples N of them
     * @param labels   of W weak models; empty for gold alone
     * @param aggregate of the labels; null likewise
     * @param rescored  [W][N][C] scores of all weak models' texts; null unless asked for
     * @param weights  [N] how much each counts
     */
    record Set<E extends Item, L extends Labels, A>(
            List<E> examples, List<L> labels, A aggregate, double[][][] rescored, ItemWeights weights) {
        static <E extends Item, L extends Labels, A> Set<E, L, A> ofGold(List<E> examples) {
            return new Set<>(examples, List.of(), null, null, ItemWeights.even(examples.size()));
        }
    }

    /** A seed for one purpose of one repetition. */
    static long seed(long seed, String purpose) {
        return CounterRandom.of(seed, purpose).bits(0);
    }

    /**
     * Trains a model and writes it into a stage's folder.
     *
     * @param seed  of the training
     * @param devel score after every epoch; null for none
     */
    static void run(
            Stage.Context context,
            ModelFolder model,
            int examples,
            Objective objective,
            TrainSettings settings,
            long seed,
            DoubleSupplier devel,
            Catalog catalog)
            throws IOException {
        List<Trainer.CurvePoint> curve = new Trainer(
                        model.decoder(), settings, seed, catalog.optimizers(), catalog.schedules())
                .run(examples, objective, devel, steps(context));
        save(context.out(), model, examples, curve);
    }

    /** Reports a training's steps as a stage's progress. */
    private static Trainer.StepListener steps(Stage.Context context) {
        return (step, steps, loss) -> context.progress(
                (double) step / steps, String.format(Locale.ROOT, "step %d/%d, loss %.3f", step, steps, loss));
    }

    /** A trained model, an adapter merged into it, and what its training was like. */
    private static void save(Path out, ModelFolder model, int examples, List<Trainer.CurvePoint> curve)
            throws IOException {
        if (model.decoder().adapter().isPresent()) {
            ModelFolder.saveMerged(out, model.decoder(), model.tokenizer());
        } else {
            ModelFolder.save(out, model.decoder(), model.tokenizer());
        }
        StageFiles.write(
                out,
                StageFiles.TRAINING,
                new StageFiles.Training(model.decoder().parameters().count(), examples, curve));
    }
}
