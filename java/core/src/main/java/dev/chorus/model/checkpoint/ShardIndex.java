package dev.chorus.model.checkpoint;

import dev.chorus.text.FolderFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which of several files holds which tensor: {@code model.safetensors.index.json}.
 *
 * @param shards file name by tensor, in the order of the index; every name is that of a file, never a path
 */
record ShardIndex(Map<String, String> shards) {
    static final String NAME = "model.safetensors.index.json";
    static final String SUFFIX = ".safetensors";
    static final String WEIGHT_MAP = "weight_map";

    /** Reads and checks an index; its metadata are for people and passed over. */
    static ShardIndex read(Path file) throws IOException {
        Map<String, String> shards = new LinkedHashMap<>();
        String problem = FolderFile.problem(file, SafetensorsHeader.LONGEST);
        if (!problem.isEmpty()) {
            throw new CheckpointException(file, problem);
        }
        try (InputStream in = Files.newInputStream(file)) {
            StrictJson.read(
                    file,
                    "the index",
                    in,
                    json -> json.fields(key -> {
                        if (key.equals(WEIGHT_MAP)) {
                            json.words(WEIGHT_MAP, shards);
                        } else {
                            json.skip();
                        }
                    }));
        }
        if (shards.isEmpty()) {
            throw new CheckpointException(file, "the index has no " + WEIGHT_MAP + ", or an empty one");
        }
        shards.forEach((tensor, shard) -> {
            if (!isFileName(shard)) {
                throw new CheckpointException(
                        file,
                        "tensor '" + tensor + "' is said to be in '" + shard
                                + "', expected the name of a .safetensors file in the same folder, without a path");
            }
        });
        return new ShardIndex(Collections.unmodifiableMap(shards));
    }

    /** An index from a stranger must not lead out of its folder, on any system. */
    private static boolean isFileName(String name) {
        return name.endsWith(SUFFIX)
                && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || Character.isISOControl(c));
    }
}
