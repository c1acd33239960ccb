package dev.chorus.cli.score;

import dev.chorus.experiment.StageException;
import dev.chorus.model.DecoderConfig;
import dev.chorus.model.ModelFolder;
import dev.chorus.model.SequenceScorer;
import dev.chorus.model.SequenceScorer.Sequence;
import dev.chorus.text.CompletionTokens;
import dev.chorus.text.Tokenizer;
import dev.chorus.text.TokenizerException;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;

/** A model folder, scored by the engine. */
final class FolderScoring implements ScoringModel {
    /** Sequences between two signs of life. */
    private static final int SLICE = 128;

    private final Path folder;
    private final ScoreSettings settings;
    private final int positions;
    private final Tokenizer tokenizer;

    FolderScoring(Path folder, ScoreSettings settings) throws IOException {
        // engine: other types than float32.
        if (!settings.dtype().equals("f32")) {
            throw new StageException("--dtype " + settings.dtype() + " is not there yet", null);
        }
        this.folder = folder;
        this.settings = settings;
        positions = DecoderConfig.read(folder.resolve("config.json")).positions();
        tokenizer = Tokenizer.load(folder);
        if (settings.eos() && tokenizer.eosId().isEmpty()) {
            tokenizer.close();
            throw new TokenizerException(tokenizer.name(), "has no eos token, which --eos asks for");
        }
    }

    @Override
    public CompletionTokens tokens(String prompt, String completion) {
        return CompletionTokens.of(tokenizer, prompt, completion, settings.join(), settings.eos());
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
    public double[][] score(List<CompletionTokens> sequences, DoubleConsumer progress) throws IOException {
        if (settings.threads() > 0) {
            LibTorch.threads(settings.threads());
        }
        double[][] logps = new double[sequences.size()][0];
        // Sorted as a whole, so that the batches of a slice are of similar length; a completion without tokens scores
        // itself.
        List<Integer> byLength = IntStream.range(0, sequences.size())
                .filter(i -> sequences.get(i).start() < sequences.get(i).tokens().length)
                .boxed()
                .sorted(Comparator.comparingInt(i -> sequences.get(i).tokens().length))
                .toList();
        try (ModelFolder model = ModelFolder.load(folder)) {
            for (int from = 0; from < byLength.size(); from += SLICE) {
                List<Integer> slice = byLength.subList(from, Math.min(from + SLICE, byLength.size()));
                List<Sequence> members = slice.stream()
                        .map(i -> new Sequence(
                                sequences.get(i).tokens(), sequences.get(i).start()))
                        .toList();
                double[][] values = SequenceScorer.tokenLogps(model.decoder(), members, settings.batchTokens());
                for (int i = 0; i < values.length; i++) {
                    logps[slice.get(i)] = values[i];
                }
                progress.accept((double) (from + slice.size()) / byLength.size());
            }
        }
        return logps;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
