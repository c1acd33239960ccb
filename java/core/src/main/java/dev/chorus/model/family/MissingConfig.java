package dev.chorus.model.family;

import dev.chorus.text.Shown;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What stands where a model folder was expected, and what to name instead. */
final class MissingConfig {
    private MissingConfig() {}

    /**
     * A message about a folder without {@code config.json}.
     *
     * @param given  what the user named
     * @param folder the same, or the snapshot in it
     */
    static String sentence(Path given, Path folder) {
        if (Files.isRegularFile(folder)) {
            return given + ": is a file, expected a model's folder; " + file(folder);
        }
        if (!Files.exists(folder)) {
            boolean hub = !given.isAbsolute() && given.getNameCount() == 2;
            return given + ": no such folder"
                    + (hub
                            ? "; nothing is fetched here, so if it is a name on the Hub, download it first: hf download "
                                    + given + " --local-dir DIR"
                            : "");
        }
        String missing = folder.resolve("config.json") + ": no such file; ";
        if (Files.exists(folder.resolve("adapter_config.json"))) {
            return missing + "the folder holds a PEFT adapter: name the base model's folder as the model (--model; "
                    + "base_model_name_or_path in adapter_config.json says which), and this one as the adapter (--adapter)";
        }
        if (Files.exists(folder.resolve("params.json"))) {
            return missing
                    + "the folder is in the layout of the model's makers (params.json); fetch the one for transformers, "
                    + "or convert it with transformers";
        }
        List<String> names;
        try (Stream<Path> found = Files.list(folder)) {
            names = found.filter(each ->
                            each.toString().endsWith(".gguf") || Files.isRegularFile(each.resolve("config.json")))
                    .map(each -> each.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return missing + "the folder cannot be listed: " + e.getMessage();
        }
        if (names.stream().anyMatch(name -> name.endsWith(".gguf"))) {
            return missing + "the folder holds " + Shown.names(names)
                    + ", llama.cpp's format, which is not read; fetch the model's original folder with its .safetensors";
        }
        return missing
                + (names.isEmpty()
                        ? "a model folder has a config.json"
                        : "inside the folder have one: " + Shown.names(names) + "; name one of them");
    }

    private static String file(Path file) {
        String name = file.getFileName().toString();
        if (name.endsWith(".gguf")) {
            return "llama.cpp's format is not read; fetch the model's original folder with its .safetensors";
        }
        return "name the folder that it lies in, with its config.json and tokenizer.json";
    }
}
