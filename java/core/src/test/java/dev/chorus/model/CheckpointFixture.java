package dev.chorus.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A model folder with what another library computed from it: {@code expected.json} and {@code expected.safetensors}. */
record CheckpointFixture(Path folder, JsonNode expected) {
    static CheckpointFixture read(Path folder) {
        try {
            return new CheckpointFixture(
                    folder,
                    new ObjectMapper().readTree(folder.resolve("expected.json").toFile()));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    List<String> strings(String key) {
        List<String> out = new ArrayList<>();
        expected.get(key).forEach(each -> out.add(each.asText()));
        return out;
    }

    List<int[]> ids(String key) {
        List<int[]> out = new ArrayList<>();
        expected.get(key).forEach(list -> {
            int[] ids = new int[list.size()];
            Arrays.setAll(ids, i -> list.get(i).asInt());
            out.add(ids);
        });
        return out;
    }

    /** A tensor of expected.safetensors, F32 or I32, read without the reader under test. */
    float[] tensor(String name) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("expected.safetensors")))
                .order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(file.getLong());
        JsonNode tensor = new ObjectMapper().readTree(file.array(), 8, header).get(name);
        int from = tensor.get("data_offsets").get(0).asInt();
        int to = tensor.get("data_offsets").get(1).asInt();
        boolean integers = tensor.get("dtype").asText().equals("I32");
        file.position(8 + header + from);
        float[] values = new float[(to - from) / 4];
        for (int i = 0; i < values.length; i++) {
            values[i] = integers ? file.getInt() : file.getFloat();
        }
        return values;
    }
}
