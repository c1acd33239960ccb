package dev.chorus.cli.generate;

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
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleConsumer;

/** A model folder, completed by the engine. */
final class FolderGenerating implements GeneratingModel {
    private final Path folder;
    private final GenerateSettings settings;
    private final int positions;
    private final Tokenizer tokenizer;

    FolderGenerating(Path folder, GenerateSettings settings) throws IOException {
        // A second or so of work, while the tokenizer and the lines are read.
        LibTorch.loadInBackground();
        this.folder = folder;
        this.settings = settings;
        positions = ModelConfig.read(folder).architecture().hardLimit();
        tokenizer = Tokenizer.load(folder);
    }

    @Override
    public int[] tokens(String prompt) {
        return tokenizer.encodeWithSpecials(prompt);
    }

    @Override
    public int positions() {
        return positions;
    }

    @Override
    public boolean hasChatTemplate() {
        return tokenizer.hasChatTemplate();
    }

    @Override
    public List<List<Completion>> generate(List<int[]> prompts, DoubleConsumer progress) throws IOException {
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
                settings.rows());
        Precision precision = settings.dtype().equals("auto") ? null : Precision.named(settings.dtype());
        try (ModelFolder model = ModelFolder.open(folder, precision)) {
            if (settings.adapter() != null) {
                AdapterFolder.load(settings.adapter(), model.decoder());
            }
            return Generator.generate(model.decoder(), model.tokenizer(), prompts, how, progress).stream()
                    .map(completions -> completions.stream()
                            .map(FolderGenerating::completion)
                            .toList())
                    .toList();
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
