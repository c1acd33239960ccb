package dev.chorus.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The safetensors file format, float32 tensors: eight bytes of header length (little endian), a JSON header, the data.
 *
 * <p>A file is believed only as far as it is checked: header length against the file and a cap before anything is allocated,
 * no key twice, every shape's product against its byte span, spans without overlap or gap.
 */
final class Safetensors {
    private static final long LONGEST_HEADER = 100_000_000;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Safetensors() {}

    /** A tensor's values, row-major, with its shape. */
    record Values(long[] shape, float[] values) {}

    private record Entry(String name, long[] shape, long from, long to) {}

    /** Writes tensors in the order given. */
    static void write(Path file, Map<String, Values> tensors) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        header.putObject("__metadata__").put("format", "pt");
        long offset = 0;
        for (Map.Entry<String, Values> tensor : tensors.entrySet()) {
            ObjectNode node = header.putObject(tensor.getKey());
            node.put("dtype", "F32");
            ArrayNode shape = node.putArray("shape");
            for (long size : tensor.getValue().shape()) {
                shape.add(size);
            }
            long end = offset + 4L * tensor.getValue().values().length;
            node.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = JSON.writeValueAsBytes(header);
        // Data begin at a multiple of eight; the format allows spaces behind the header.
        int padded = (json.length + 7) / 8 * 8;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
            head.putLong(padded).put(json);
            while (head.hasRemaining()) {
                head.put((byte) ' ');
            }
            writeFully(channel, head.flip());
            for (Values tensor : tensors.values()) {
                ByteBuffer data =
                        ByteBuffer.allocate(4 * tensor.values().length).order(ByteOrder.LITTLE_ENDIAN);
                data.asFloatBuffer().put(tensor.values());
                writeFully(channel, data);
            }
        }
    }

    /**
     * Reads all tensors.
     *
     * @throws CheckpointException if the file breaks the format; names the tensor
     */
    static Map<String, Values> read(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < 8) {
                throw new CheckpointException(file, "has " + size + " bytes, a safetensors file has at least 8");
            }
            long length = readFully(channel, 0, 8).getLong();
            if (length < 2 || length > Math.min(LONGEST_HEADER, size - 8)) {
                throw new CheckpointException(
                        file,
                        "the header claims " + length + " bytes, the file has " + (size - 8) + " behind the length");
            }
            byte[] header = new byte[(int) length];
            readFully(channel, 8, header.length).get(header);
            List<Entry> entries = entries(file, header, size - 8 - length);
            Map<String, Values> tensors = new LinkedHashMap<>();
            for (Entry entry : entries) {
                float[] values = new float[Math.toIntExact((entry.to() - entry.from()) / 4)];
                readFully(channel, 8 + length + entry.from(), 4 * values.length)
                        .asFloatBuffer()
                        .get(values);
                tensors.put(entry.name(), new Values(entry.shape(), values));
            }
            return tensors;
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<Entry> entries(Path file, byte[] header, long dataBytes) throws IOException {
        JsonNode root;
        try {
            root = JSON.readTree(new String(header, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new CheckpointException(file, "the header is no JSON object: " + e.getOriginalMessage(), e);
        }
        if (!root.isObject()) {
            throw new CheckpointException(file, "the header is no JSON object, it begins a " + root.getNodeType());
        }
        List<Entry> entries = new ArrayList<>();
        root.properties().forEach(field -> {
            if (!field.getKey().equals("__metadata__")) {
                entries.add(entry(file, field.getKey(), field.getValue()));
            }
        });
        // A tensor without elements ends where it starts: it comes before its neighbour.
        entries.sort(Comparator.comparingLong(Entry::from).thenComparingLong(Entry::to));
        long expected = 0;
        for (Entry entry : entries) {
            if (entry.from() != expected) {
                throw new CheckpointException(
                        file,
                        "tensor '" + entry.name() + "' starts at byte " + entry.from() + " of the data, expected "
                                + expected + ": tensors overlap or leave a gap");
            }
            expected = entry.to();
        }
        if (expected != dataBytes) {
            throw new CheckpointException(
                    file, "the tensors end at byte " + expected + " of the data, the file has " + dataBytes);
        }
        return entries;
    }

    private static Entry entry(Path file, String name, JsonNode node) {
        if (!node.path("dtype").asText().equals("F32")) {
            throw new CheckpointException(
                    file, "tensor '" + name + "' has dtype " + node.path("dtype") + "; supported: F32");
        }
        JsonNode sizes = node.path("shape");
        if (!sizes.isArray()) {
            throw new CheckpointException(file, "tensor '" + name + "' has no shape");
        }
        long[] shape = new long[sizes.size()];
        long count = 1;
        for (int i = 0; i < shape.length; i++) {
            if (!isSize(sizes.get(i))) {
                throw new CheckpointException(file, "tensor '" + name + "' has the shape " + sizes);
            }
            shape[i] = sizes.get(i).asLong();
            try {
                count = Math.multiplyExact(count, shape[i]);
            } catch (ArithmeticException e) {
                throw new CheckpointException(file, "tensor '" + name + "' has the impossible shape " + sizes, e);
            }
        }
        JsonNode offsets = node.path("data_offsets");
        long from = isSize(offsets.path(0)) ? offsets.path(0).asLong() : -1;
        long to = isSize(offsets.path(1)) ? offsets.path(1).asLong() : -1;
        if (offsets.size() != 2 || from < 0 || to < from || count > Long.MAX_VALUE / 4 || to - from != 4 * count) {
            throw new CheckpointException(
                    file, "tensor '" + name + "' of shape " + sizes + " cannot have the offsets " + offsets);
        }
        return new Entry(name, shape, from, to);
    }

    /** A whole number from 0 that fits into 64 bits; canConvertToLong alone takes 2.5 for 2. */
    private static boolean isSize(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToLong() && node.asLong() >= 0;
    }

    private static ByteBuffer readFully(FileChannel channel, long position, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            int read = channel.read(buffer, position + buffer.position());
            if (read < 0) {
                throw new IOException("the file ends at byte " + channel.size());
            }
        }
        return buffer.flip();
    }

    private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
