package dev.chorus.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.text.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code chorus score} from the file to the file, with the weights and the numbers of the parity fixture. */
class ScoreFixtureTest {
    private static final Path GPT2 = Path.of("../core/src/test/resources/fixtures/gpt2");

    /** Sums of up to 40 float32 log-probabilities around -10, in another order of operations than PyTorch's. */
    private static final double SUM = 2e-3;

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    @Test
    void sumsAreThoseOfTransformers() throws IOException {
        JsonNode expected = JSON.readTree(GPT2.resolve("expected.json").toFile());
        List<String> lines = new ArrayList<>();
        try (Tokenizer tokenizer = Tokenizer.load(GPT2)) {
            for (JsonNode text : expected.get("texts")) {
                int first = tokenizer.encodeWithSpans(text.asText()).spans()[0][1];
                lines.add(JSON.createObjectNode()
                        .put("prompt", text.asText().substring(0, first))
                        .put("completion", text.asText().substring(first))
                        .toString());
            }
        }
        Path in = Files.write(folder.resolve("in.jsonl"), lines);
        Path out = folder.resolve("out.jsonl");

        StringWriter err = new StringWriter();
        int status = Main.commandLine()
                .setOut(new PrintWriter(new StringWriter()))
                .setErr(new PrintWriter(err, true))
                .execute("score", "--model", GPT2.toString(), "--data", in.toString(), "--out", out.toString());

        assertThat(status).as(err.toString()).isZero();
        List<String> scored = Files.readAllLines(out);
        assertThat(scored).hasSize(expected.get("texts").size());
        for (int i = 0; i < scored.size(); i++) {
            JsonNode line = JSON.readTree(scored.get(i));
            assertThat(line.get("logprob").asDouble())
                    .isCloseTo(expected.get("sequence_logprob").get(i).asDouble(), within(SUM));
            assertThat(line.get("tokens").asInt())
                    .isEqualTo(expected.get("input_ids").get(i).size() - 1);
        }
    }
}
