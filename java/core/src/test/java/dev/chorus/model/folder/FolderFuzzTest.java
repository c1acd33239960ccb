package dev.chorus.model.folder;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.family.ConfigProblem;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.text.TokenizerException;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Folders whose JSON files are nearly right: opened and asked, or refused by one of the documented exceptions, in bounded time
 * and with a message of bounded length. {@code -Dchorus.fuzz.folders=20000} tries so many, from {@code -Dchorus.fuzz.first=0}.
 */
class FolderFuzzTest {
    private static final long INPUTS = Long.getLong("chorus.fuzz.folders", 400);
    private static final long FIRST = Long.getLong("chorus.fuzz.first", 0);
    private static final Path RESOURCES = Path.of("src/test/resources");
    private static final List<String> FAMILIES =
            List.of("gpt2", "opt", "gpt_neox", "bloom", "llama", "mistral", "qwen2");
    private static final List<String> FILES = List.of(
            "config.json",
            "generation_config.json",
            "tokenizer_config.json",
            "adapter_config.json",
            "model.safetensors.index.json");
    private static final List<String> WORDS = List.of(
            "",
            "a",
            "gpt2",
            "llama",
            "gemma2",
            "phi3",
            "default",
            "linear",
            "yarn",
            "sliding_attention",
            "relu",
            "silu",
            "GPT2ForSequenceClassification",
            "GemmaTokenizer",
            "\u001b[2J",
            "\ud800",
            "../x.safetensors",
            "NaN",
            "<s>");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path scratch;

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @Test
    void everyFolderIsUsedOrRefusedByName() throws IOException {
        List<String> wrong = new ArrayList<>();
        Set<String> outcomes = new HashSet<>();
        long used = 0;
        long slowest = 0;
        for (long number = FIRST; number < FIRST + INPUTS; number++) {
            Path folder = folder(number);
            long start = System.nanoTime();
            try {
                use(folder);
                used++;
            } catch (CheckpointException | ConfigProblem | TokenizerException e) {
                outcomes.add(e.getMessage());
                if (e.getMessage().length() > 3000) {
                    wrong.add(number + ": a message of " + e.getMessage().length() + " characters");
                }
            } catch (RuntimeException | IOException | Error e) {
                wrong.add(number + ": " + e + " at "
                        + Arrays.stream(e.getStackTrace()).limit(3).toList());
            }
            slowest = Math.max(slowest, System.nanoTime() - start);
            delete(folder);
        }
        System.err.println(INPUTS + " folders, " + used + " used, " + wrong.size() + " wrong, slowest "
                + slowest / 1_000_000 + " ms");
        assertThat(wrong).isEmpty();
        assertThat(slowest).isLessThan(20_000_000_000L);
        // A reader that refused everything would pass the rest.
        assertThat(used).isBetween(INPUTS / 20, INPUTS - INPUTS / 20);
        assertThat(outcomes).hasSizeGreaterThan((int) INPUTS / 20);
    }

    private static void use(Path folder) throws IOException {
        try (ModelFolder model = ModelFolder.open(folder, null)) {
            model.decoder().config().generation().notes();
            model.decoder().config().tokenIds("eos_token_id");
            if (Files.exists(folder.resolve("adapter_config.json"))) {
                AdapterFolder.load(folder, model.decoder());
            }
            if (model.decoder().architecture().labels() == 0
                    && model.decoder().architecture().hardLimit() > 3) {
                int[] tokens = {1, 2, 3};
                double[][] scores = SequenceScorer.tokenLogps(model.decoder(), List.of(new Sequence(tokens, 1)), 64);
                assertThat(scores[0]).hasSize(2);
            }
        }
    }

    private Path folder(long number) throws IOException {
        Random random = new Random(number * 0x9E3779B97F4A7C15L + 7);
        Path base = RESOURCES.resolve("fixtures").resolve(FAMILIES.get(random.nextInt(FAMILIES.size())));
        boolean adapted = base.endsWith("llama") && random.nextBoolean();
        Path folder = Files.createDirectory(scratch.resolve(Long.toString(number)));
        copy(base, folder);
        if (adapted) {
            copy(RESOURCES.resolve("adapters/llama_all_linear"), folder);
        }
        String file = FILES.get(random.nextInt(FILES.size()));
        if (!Files.exists(folder.resolve(file))) {
            file = "config.json";
        }
        ObjectNode root = (ObjectNode) JSON.readTree(folder.resolve(file).toFile());
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            change(root, random);
        }
        byte[] bytes = JSON.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(15) == 0) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        Files.write(folder.resolve(file), bytes);
        return folder;
    }

    private static void change(ObjectNode root, Random random) {
        List<ContainerNode<?>> places = new ArrayList<>();
        collect(root, places);
        ContainerNode<?> place = places.get(random.nextInt(places.size()));
        if (place instanceof ArrayNode array) {
            if (array.isEmpty() || random.nextInt(3) == 0) {
                array.add(value(random));
            } else {
                array.set(random.nextInt(array.size()), value(random));
            }
            return;
        }
        ObjectNode object = (ObjectNode) place;
        List<String> keys = new ArrayList<>();
        object.fieldNames().forEachRemaining(keys::add);
        String key = keys.isEmpty() ? "new" : keys.get(random.nextInt(keys.size()));
        switch (random.nextInt(5)) {
            case 0 -> object.remove(key);
            case 1 -> object.set(WORDS.get(random.nextInt(WORDS.size())), value(random));
            default -> object.set(key, value(random));
        }
    }

    private static void collect(JsonNode node, List<ContainerNode<?>> places) {
        if (node instanceof ContainerNode<?> container) {
            places.add(container);
            container.forEach(each -> collect(each, places));
        }
    }

    private static JsonNode value(Random random) {
        JsonNodeFactory make = JsonNodeFactory.instance;
        return switch (random.nextInt(10)) {
            case 0 -> make.nullNode();
            case 1 -> make.booleanNode(random.nextBoolean());
            case 2 -> make.numberNode(random.nextInt(12) - 3);
            case 3 -> make.numberNode(1L << random.nextInt(63));
            case 4 -> make.numberNode(random.nextGaussian() * Math.pow(10, random.nextInt(20) - 9));
            case 5 -> make.arrayNode();
            case 6 -> make.objectNode();
            case 7 -> make.arrayNode().add(random.nextInt(5) - 1).add("x");
            default -> make.textNode(WORDS.get(random.nextInt(WORDS.size())));
        };
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                if (!file.getFileName().toString().startsWith("expected")) {
                    Files.copy(file, to.resolve(file.getFileName()));
                }
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
