package dev.chorus.experiment;

import dev.chorus.config.ConfigException;
import dev.chorus.data.Item;
import dev.chorus.data.Splits;
import dev.chorus.experiment.ExperimentConfig.TextTask;
import dev.chorus.experiment.ExperimentConfig.WeakModel;
import dev.chorus.task.SentencePrompt;
import dev.chorus.text.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether every sequence that a run will make has room in the models that read it, looked at before any work: the longest prompt
 * with its gold answer, and with the longest answer that may be generated, under every model's own tokenizer.
 *
 * <p>What a weak model will write is not known yet. An answer of it that is too long for the student is cut or left out there
 * ({@link dev.chorus.supervise.TextSet}).
 */
final class Room {
    /** A normaliser may write a byte as two; a sentence that is shorter than this share of the limit is not even looked at. */
    private static final int TOKENS_A_BYTE = 2;

    /** Beginning, separator and end. */
    private static final int EXTRA = 16;

    private final Corpus corpus;
    private final ExperimentConfig config;
    private final String file;

    Room(Corpus corpus, ExperimentConfig config, String file) {
        this.corpus = corpus;
        this.config = config;
        this.file = file;
    }

    /**
     * Looks at every model.
     *
     * @throws ConfigException at the first that has too few positions; names the model, the task and the example
     */
    void check() {
        for (WeakModel model : config.weak().models()) {
            model(file + ": weak.models." + model.name(), model.folder(), model.tokenizer());
        }
        model(file + ": strong", config.strong().folder(), config.strong().tokenizer());
    }

    private void model(String model, String folder, String words) {
        String key = folder == null ? model : model + ".folder";
        LocalModel local = folder == null ? null : corpus.models().get(folder);
        int limit = local == null ? Origin.POSITIONS : local.architecture().hardLimit();
        if (limit == Integer.MAX_VALUE) {
            return;
        }
        try (Tokenizer tokenizer = local == null
                ? Tokenizer.of(corpus.files().get(words).content(), words)
                : Tokenizer.load(local.folder())) {
            corpus.parts().values().forEach(part -> part(key, limit, tokenizer, part));
        } catch (IOException e) {
            throw new ConfigException(key + ": " + folder + " cannot be read: " + e.getMessage(), e);
        }
    }

    private <E extends Item> void part(String key, int limit, Tokenizer tokenizer, Corpus.Part<E> part) {
        ExperimentConfig.TaskSettings settings = config.tasks().get(part.task().key());
        int generated = settings instanceof TextTask text ? text.maxTokens() : 0;
        boolean written = generated > 0;
        for (E example : examples(part)) {
            String gold = written ? part.lesson().gold(example) : "";
            int bytes = bytes(example.text()) * TOKENS_A_BYTE + EXTRA;
            if (bytes + Math.max(generated, bytes(gold) * TOKENS_A_BYTE) <= limit) {
                continue;
            }
            int prompt = SentencePrompt.encode(tokenizer, example.text()).length;
            int answer = written ? SentencePrompt.completion(tokenizer, gold).length : 0;
            if (prompt + Math.max(generated, answer) > limit) {
                throw new ConfigException(key + ": the prompt of example " + example.id() + " has " + prompt + " tokens"
                        + (written ? ", its gold answer " + answer + " and a generated one up to " + generated : "")
                        + ", but the model takes at most " + limit + " in all; take another model"
                        + (written ? ", or a smaller " + part.task().key() + ".max_tokens" : "")
                        + ", or leave the example out");
            }
        }
    }

    private static <E extends Item> List<E> examples(Corpus.Part<E> part) {
        Set<E> all = new LinkedHashSet<>();
        for (Splits<E> splits : part.splits().values()) {
            all.addAll(splits.gold());
            all.addAll(splits.weak());
            all.addAll(splits.devel());
            all.addAll(splits.test());
        }
        return new ArrayList<>(all);
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
