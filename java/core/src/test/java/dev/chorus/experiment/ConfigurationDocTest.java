package dev.chorus.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.config.KeyTable;
import dev.chorus.supervise.Weighting;
import dev.chorus.train.TrainSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The tables of docs/configuration.md are those of the records. {@code -Dchorus.docs.write=true} writes them, instead of
 * comparing.
 */
class ConfigurationDocTest {
    private static final Path FILE = Path.of("../../docs/configuration.md");

    private static Map<String, Class<? extends Record>> records() {
        Map<String, Class<? extends Record>> records = new LinkedHashMap<>();
        records.put("top", ExperimentConfig.class);
        records.put("data", ExperimentConfig.Data.class);
        records.put("weak", ExperimentConfig.Weak.class);
        records.put("weak model", ExperimentConfig.WeakModel.class);
        records.put("weak task", ExperimentConfig.WeakTask.class);
        records.put("strong", ExperimentConfig.Strong.class);
        records.put("pretrain", ExperimentConfig.Pretrain.class);
        records.put("lora", ExperimentConfig.Lora.class);
        records.put("train", TrainSettings.class);
        records.put("class task", ExperimentConfig.ClassTask.class);
        records.put("text task", ExperimentConfig.TextTask.class);
        records.put("student", ExperimentConfig.Student.class);
        records.put("dpo", ExperimentConfig.Dpo.class);
        records.put("aggregator", ExperimentConfig.Aggregation.class);
        records.put("weights", Weighting.class);
        Catalog.STANDARD.supervisions().all().forEach(each -> each.options()
                .ifPresent(options -> records.put(each.name(), options)));
        Catalog.STANDARD.reliabilities().all().forEach(each -> each.options()
                .ifPresent(options -> records.put(each.name(), options)));
        return records;
    }

    @Test
    void theTablesAreThoseOfTheRecords() throws IOException {
        String text = Files.readString(FILE);
        for (Map.Entry<String, Class<? extends Record>> each : records().entrySet()) {
            String begin = "<!-- keys: " + each.getKey() + " -->\n";
            String end = "<!-- end -->\n";
            int from = text.indexOf(begin);
            assertThat(from).as("a table for '%s' in %s", each.getKey(), FILE).isNotNegative();
            int to = text.indexOf(end, from);
            String expected = KeyTable.of(each.getValue());
            if (Boolean.getBoolean("chorus.docs.write")) {
                text = text.substring(0, from + begin.length()) + expected + text.substring(to);
            } else {
                assertThat(text.substring(from + begin.length(), to))
                        .as(each.getKey())
                        .isEqualTo(expected);
            }
        }
        if (Boolean.getBoolean("chorus.docs.write")) {
            Files.writeString(FILE, text);
        }
    }

    @Test
    void everySupervisionAndReliabilityIsNamed() throws IOException {
        String text = Files.readString(FILE);
        Catalog.STANDARD.supervisions().names().forEach(name -> assertThat(text).contains("`" + name + "`"));
        Catalog.STANDARD.reliabilities().names().forEach(name -> assertThat(text)
                .contains("`" + name + "`"));
        Catalog.STANDARD.tasks().names().forEach(name -> assertThat(text).contains("`" + name + "`"));
    }
}
