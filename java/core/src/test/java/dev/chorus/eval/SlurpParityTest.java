package dev.chorus.eval;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Published predictions on SLURP's test set, scored by us and by the evaluation tool that comes with the data. */
class SlurpParityTest {

    /** Sums of some thousand numbers, added in another order than the tool's. */
    private static final double SUMMATION = 1e-12;

    private static final List<List<Entity>> GOLD = new ArrayList<>();
    private static final List<List<Entity>> PREDICTED = new ArrayList<>();
    private static int[] recordings;

    @BeforeAll
    static void read() throws IOException {
        List<Integer> counts = new ArrayList<>();
        ObjectMapper json = new ObjectMapper();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(SlurpParityTest.class.getResourceAsStream("slurp-test-entities.jsonl.gz")),
                UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode example = json.readTree(line);
                counts.add(example.get("recordings").asInt());
                GOLD.add(entities(example.get("gold")));
                PREDICTED.add(entities(example.get("predicted")));
            }
        }
        recordings = counts.stream().mapToInt(Integer::intValue).toArray();
        assertThat(GOLD).hasSize(2974);
    }

    @Test
    void figuresAreThoseOfTheEvaluationTool() {
        SluF1 score = SluF1.corpus(GOLD, PREDICTED);
        assertThat(score.slu().f1()).isCloseTo(0.8138198525966854, within(SUMMATION));
        assertThat(score.slu().precision()).isCloseTo(0.8244770281609692, within(SUMMATION));
        assertThat(score.slu().recall()).isCloseTo(0.8034346701815299, within(SUMMATION));
        assertThat(score.word().f1()).isCloseTo(0.8108844071447321, within(SUMMATION));
        assertThat(score.character().f1()).isCloseTo(0.816776628207869, within(SUMMATION));
        assertThat(score.exact().f1()).isCloseTo(0.7819063004846526, within(SUMMATION));
        assertThat(score.exact()).isEqualTo(new MatchCounts(2178, 570, 645));
    }

    /**
     * Not a figure of the tool: it has no predictions by recording to score. Computed once with a second
     * implementation.
     */
    @Test
    void countedOncePerRecording() {
        SluF1 score = SluF1.corpus(GOLD, PREDICTED, recordings);
        assertThat(score.slu().f1()).isCloseTo(0.8159508716761265, within(SUMMATION));
        assertThat(score.exact()).isEqualTo(new MatchCounts(9141, 2287, 2755));
    }

    private static List<Entity> entities(JsonNode pairs) {
        List<Entity> entities = new ArrayList<>();
        pairs.forEach(pair ->
                entities.add(new Entity(pair.get(0).asText(), pair.get(1).asText())));
        return entities;
    }
}
