package dev.chorus.cli.generate;

import dev.chorus.cli.score.LanguageModels;
import dev.chorus.model.NotFiniteException;
import dev.chorus.model.family.GenerationDefaults;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.folder.AdapterFolder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.generate.GenerationSettings;
import dev.chorus.model.generate.Generator;
import dev.chorus.model.weights.Precision;
import dev.chorus.text.Tokenizer;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleConsumer;

/** A model folder, completed by the engine. */
final class FolderGenerating implements GeneratingModel {
    private final Path folder;
    private final GenerateSettings settings;
    private final ModelConfig config;
    private final Tokenizer tokenizer;
    private int doubled;

    FolderGenerating(Path folder, GenerateSettings settings) throws IOException {
        // A second or so of work, while the tokenizer and the lines are read.
        LibTorch.loadInBackground();
        this.folder = folder;
        this.settings = settings;
        config = ModelConfig.read(folder);
        LanguageModels.require(folder, config);
        tokenizer = Tokenizer.load(folder);
    }

    @Override
    public int[] tokens(String prompt) {
        int[] tokens = settings.specials() ? tokenizer.encodeWithSpecials(prompt) : tokenizer.encode(prompt);
        doubled += tokenizer.beginsTwice(tokens) ? 1 : 0;
        return tokens;
    }

    @Override
    public int positions() {
        return config.architecture().hardLimit();
    }

    @Override
    public int vocabulary() {
        return config.architecture().vocabSize();
    }

    @Override
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        defaults().notes().forEach(note -> notes.add("generation_config.json, " + note));
        notes.addAll(LanguageModels.doubledNotes(doubled, tokenizer));
        return notes;
    }

    private GenerationDefaults defaults() {
        GenerationDefaults defaults = config.generation();
        if (settings.repetitionPenalty() != null) {
            defaults = defaults.withRepetitionPenalty(settings.repetitionPenalty());
        }
        return settings.noRepeatNgram() == null ? defaults : defaults.withNoRepeatNgram(settings.noRepeatNgram());
    }

    @Override
    public boolean hasChatTemplate() {
        return tokenizer.hasChatTemplate();
    }

    @Override
    public List<List<Completion>> generate(List<int[]> prompts, long[] numbers, DoubleConsumer progress)
            throws IOException {
        if (settings.threads() > 0) {
            LibTorch.threads(settings.threads());
        }
        GenerationSettings how = new GenerationSettings(
                settings.maxNewTokens(),
                settings.samples(),
                settings.temperature(),
                settings.topK(),
                settings.topP(),
                settings.beams(),
                settings.nBest(),
                settings.stop(),
                settings.ignoreEos(),
                settings.seed(),
                settings.rows(),
                defaults());
        Precision precision = settings.dtype().equals("auto") ? null : Precision.named(settings.dtype());
        try (ModelFolder model = ModelFolder.open(folder, precision)) {
            if (settings.adapter() != null) {
                AdapterFolder.load(settings.adapter(), model.decoder());
            }
            return Generator.generate(model.decoder(), model.tokenizer(), prompts, numbers, how, progress).stream()
                    .map(completions -> completions.stream()
                            .map(FolderGenerating::completion)
                            .toList())
                    .toList();
        } catch (NotFiniteException e) {
            throw LanguageModels.damaged(folder, e);
        }
    }

    private static Completion completion(dev.chorus.model.generate.Completion found) {
        return new Completion(found.text(), found.logps(), found.reason().name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
