package dev.chorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
    private static final Path GPT2 = Path.of("../core/src/test/resources/fixtures/gpt2");
    private static final Path MISTRAL = Path.of("../core/src/test/resources/fixtures/mistral");
    private static final Path LLAMA = Path.of("../core/src/test/resources/fixtures/llama");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    @Test
    void aFolderIsDescribed() {
        assertThat(inspect(GPT2)).isZero();
        assertThat(out.toString())
                .contains("architecture   gpt2, language model, head tied to the embedding\n")
                .contains("shape          2 layers of 48 channels, 4 heads of 12 over 4 key heads, feed-forward 192\n")
                .contains("positions      learned, made for 64 tokens\n")
                .containsPattern("parameters     [0-9,]+ \\([0-9,]+ F32\\)\n")
                .contains("memory         f32 ")
                .contains("values         finite\n")
                .contains("tokenizer      TokenizersBackend, 640 tokens\n")
                .contains("special        bos <|endoftext|>, eos <|endoftext|>, pad <|endoftext|>\n")
                .contains("around text    no token\n")
                .contains("chat template  none\n")
                .endsWith("verdict        can be used\n");
    }

    @Test
    void weightsInSeveralFilesAreAddedUp() {
        inspect(LLAMA);
        assertThat(out.toString()).contains(" in 6 files, ").contains("around text    1 token added\n");
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        assertThat(inspect(folder)).isEqualTo(1);
        assertThat(err.toString())
                .isEqualTo("chorus: " + folder.resolve("config.json")
                        + ": no such file; a model folder has a config.json\n");
        Files.copy(GPT2.resolve("config.json"), folder.resolve("config.json"));
        Files.write(folder.resolve("model.safetensors"), new byte[] {1, 2});
        assertThat(inspect(folder)).isEqualTo(1);
        assertThat(out.toString())
                .contains("problem        " + folder.resolve("model.safetensors")
                        + ": has 2 bytes, a safetensors file has at least 8")
                .contains("problem        " + folder.resolve("tokenizer.json") + ": no such file")
                .endsWith("verdict        cannot be used, because of the problems above\n");
    }

    @Test
    void aWindowAndAnUnknownSettingAreTold() throws IOException {
        for (String file : List.of("model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
            Files.copy(MISTRAL.resolve(file), folder.resolve(file));
        }
        String config = Files.readString(MISTRAL.resolve("config.json"));
        Files.writeString(folder.resolve("config.json"), config.replaceFirst("\\{", "{\"shiny_new_setting\": 1,"));
        assertThat(inspect(folder)).isZero();
        assertThat(out.toString())
                .contains("positions      rotary, made for 64 tokens, window of 8 in 2 of 2 layers\n")
                .contains("not understood settings of config.json: shiny_new_setting\n");
    }

    private int inspect(Path model) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute("inspect", model.toString());
    }
}
