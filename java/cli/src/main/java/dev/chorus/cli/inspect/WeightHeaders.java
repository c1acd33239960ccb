package dev.chorus.cli.inspect;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.model.CheckpointException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the safetensors files of a folder say about their tensors, without reading those.
 *
 * @param files      how many files there are
 * @param tensors    how many tensors
 * @param parameters numbers by dtype, as safetensors spells it ("F32", "BF16")
 * @param bytes      of all tensors
 */
record WeightHeaders(int files, int tensors, Map<String, Long> parameters, long bytes) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A header that claims more is damage, not a model. */
    private static final long LONGEST_HEADER = 100L << 20;

    /** Numbers of all types. */
    long total() {
        return parameters.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Reads the headers of all {@code .safetensors} files of a folder, or of those that the index names.
     *
     * @throws CheckpointException if a file is missing or damaged
     */
    static WeightHeaders read(Path folder) throws IOException {
        Map<String, Long> parameters = new TreeMap<>();
        int tensors = 0;
        long bytes = 0;
        List<Path> files = files(folder);
        for (Path file : files) {
            for (Map.Entry<String, JsonNode> tensor : header(file).properties()) {
                if (tensor.getKey().equals("__metadata__")) {
                    continue;
                }
                long numbers = 1;
                for (JsonNode side : tensor.getValue().path("shape")) {
                    numbers *= side.asLong();
                }
                JsonNode offsets = tensor.getValue().path("data_offsets");
                bytes += offsets.path(1).asLong() - offsets.path(0).asLong();
                parameters.merge(tensor.getValue().path("dtype").asText("?"), numbers, Long::sum);
                tensors++;
            }
        }
        return new WeightHeaders(files.size(), tensors, parameters, bytes);
    }

    private static List<Path> files(Path folder) throws IOException {
        Path index = folder.resolve("model.safetensors.index.json");
        if (Files.isRegularFile(index)) {
            JsonNode map = JSON.readTree(index.toFile()).path("weight_map");
            return map.properties().stream()
                    .map(entry -> folder.resolve(entry.getValue().asText()))
                    .distinct()
                    .sorted()
                    .toList();
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.getFileName().toString().equals("model.safetensors"))
                    .toList();
        }
    }

    private static JsonNode header(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] length = in.readNBytes(Long.BYTES);
            if (length.length < Long.BYTES) {
                throw new EOFException("it ends before its header");
            }
            long size = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
            if (size < 0 || size > LONGEST_HEADER) {
                throw new EOFException("its header claims " + size + " bytes");
            }
            byte[] header = in.readNBytes((int) size);
            if (header.length < size) {
                throw new EOFException("it ends inside its header");
            }
            return JSON.readTree(header);
        } catch (JsonProcessingException e) {
            throw new CheckpointException(file, "damaged: its header is not JSON", e);
        } catch (EOFException e) {
            throw new CheckpointException(file, "damaged: " + e.getMessage(), e);
        }
    }
}
