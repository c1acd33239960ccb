package dev.chorus.cli.generate;

import dev.chorus.experiment.StageException;
import dev.chorus.model.DecoderConfig;
import dev.chorus.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleConsumer;

/** A model folder, completed by the engine. */
final class FolderGenerating implements GeneratingModel {
    private final int positions;
    private final Tokenizer tokenizer;

    FolderGenerating(Path folder, GenerateSettings settings) throws IOException {
        positions = DecoderConfig.read(folder.resolve("config.json")).positions();
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
    public List<List<Completion>> generate(List<int[]> prompts, DoubleConsumer progress) {
        // engine: load the folder in settings.dtype(), Generator.generate, its completions as ours.
        throw new StageException("chorus generate has no engine yet", null);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
