package dev.chorus.cli.score;

import dev.chorus.model.NotFiniteException;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;

/** What commands that ask a language model say of its folder. */
public final class LanguageModels {
    private LanguageModels() {}

    /** Refuses a classifier. */
    public static void require(Path folder, ModelConfig config) {
        int labels = config.architecture().labels();
        if (labels > 0) {
            throw new CheckpointException(
                    folder,
                    "holds a classifier of " + labels
                            + " classes, which has no next token to score or generate; name the "
                            + "folder of a language model (chorus inspect says what a folder holds), or ask the classifier "
                            + "from Java: dev.chorus.model.score.Classifier");
        }
    }

    /** What a model says whose answers are no numbers. */
    public static CheckpointException damaged(Path folder, NotFiniteException e) {
        return new CheckpointException(folder, e.getMessage() + " (chorus inspect names the tensors)", e);
    }

    /** A sentence on prompts that begin with the token that the tokenizer puts in front as well. */
    public static List<String> doubledNotes(int prompts, Tokenizer tokenizer) {
        return prompts == 0
                ? List.of()
                : List.of((prompts == 1 ? "1 prompt begins" : prompts + " prompts begin") + " with "
                        + tokenizer.specialTokens().get("bos")
                        + ", which the tokenizer puts in front as well, so that it is there twice; --no-specials adds "
                        + "none");
    }
}
