package dev.chorus.cli.score;

import dev.chorus.model.NotFiniteException;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.folder.AdapterFolder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.model.weights.Precision;
import dev.chorus.text.CompletionTokens;
import dev.chorus.text.Tokenizer;
import dev.chorus.text.TokenizerException;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;

/** A model folder, scored by the engine. */
final class FolderScoring implements ScoringModel {
    private final Path folder;
    private final ScoreSettings settings;
    private final ModelConfig config;
    private final Tokenizer tokenizer;
    private int doubled;

    FolderScoring(Path folder, ScoreSettings settings) throws IOException {
        // A second or so of work, while the tokenizer and the lines are read.
        LibTorch.loadInBackground();
        this.folder = folder;
        this.settings = settings;
        config = ModelConfig.read(folder);
        LanguageModels.require(folder, config);
        tokenizer = Tokenizer.load(folder);
        if (settings.eos() && tokenizer.eosId().isEmpty()) {
            tokenizer.close();
            throw new TokenizerException(tokenizer.name(), "has no eos token, which --eos asks for");
        }
    }

    @Override
    public CompletionTokens tokens(String prompt, String completion) {
        CompletionTokens tokens = CompletionTokens.of(
                tokenizer, prompt, completion, settings.join(), settings.eos(), settings.specials());
        doubled += tokenizer.beginsTwice(tokens.tokens()) ? 1 : 0;
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
        return LanguageModels.doubledNotes(doubled, tokenizer);
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
        // A completion without tokens scores itself.
        int[] scored = IntStream.range(0, sequences.size())
                .filter(i -> sequences.get(i).start() < sequences.get(i).tokens().length)
                .toArray();
        List<Sequence> members = IntStream.of(scored)
                .mapToObj(i ->
                        new Sequence(sequences.get(i).tokens(), sequences.get(i).start()))
                .toList();
        Precision precision = settings.dtype().equals("auto") ? null : Precision.named(settings.dtype());
        try (ModelFolder model = ModelFolder.open(folder, precision)) {
            if (settings.adapter() != null) {
                AdapterFolder.load(settings.adapter(), model.decoder());
            }
            double[][] values = SequenceScorer.tokenLogps(
                    model.decoder(),
                    members,
                    settings.batchTokens(),
                    done -> progress.accept((double) done / members.size()));
            for (int i = 0; i < scored.length; i++) {
                logps[scored[i]] = values[i];
            }
        } catch (NotFiniteException e) {
            throw LanguageModels.damaged(folder, e);
        }
        return logps;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
