package dev.chorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
    private static final Path GPT2 = Path.of("../core/src/test/resources/fixtures/gpt2");
    private static final Path LLAMA = Path.of("../core/src/test/resources/fixtures/llama");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    @Test
    void aFolderIsDescribed() {
        assertThat(inspect(GPT2)).isZero();
        assertThat(out.toString())
                .contains("architecture   GPT2LMHeadModel (model_type gpt2)\n")
                .containsPattern("parameters     [0-9,]+ \\([0-9,]+ F32\\)\n")
                .contains("memory         f32 ")
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
                .isEqualTo("chorus: " + folder.resolve("config.json") + ": no such file; is this a model folder?\n");
        Files.copy(GPT2.resolve("config.json"), folder.resolve("config.json"));
        Files.write(folder.resolve("model.safetensors"), new byte[] {1, 2});
        assertThat(inspect(folder)).isEqualTo(1);
        assertThat(out.toString())
                .contains("problem        " + folder.resolve("model.safetensors")
                        + ": damaged: it ends before its header\n")
                .contains("problem        " + folder.resolve("tokenizer.json") + ": no such file")
                .endsWith("verdict        cannot be used as it is\n");
    }

    private int inspect(Path model) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute("inspect", model.toString());
    }
}
