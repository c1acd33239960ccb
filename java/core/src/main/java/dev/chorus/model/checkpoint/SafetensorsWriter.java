package dev.chorus.model.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.files.FileFault;
import dev.chorus.files.WholeFile;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/**
 * Writes weights as safetensors, one file or several with an index. Tensors are asked for one by one as their turn comes, so a
 * model need never be in memory twice.
 *
 * <p>No file is ever overwritten, and each appears whole or not at all. If writing fails, what was written so far is deleted; when a
 * method returns, the data have been handed to the disk.
 */
public final class SafetensorsWriter {
    /** Bytes of data in a file of a model that takes several. */
    public static final long SHARD_BYTES = 5_000_000_000L;

    private static final ObjectMapper JSON = new ObjectMapper();

    private SafetensorsWriter() {}

    /**
     * A tensor to be written.
     *
     * @param name   in the file
     * @param type   F32, F16 or BF16
     * @param shape  sizes from 0; none for a single number
     * @param values gives the tensor, of this type and shape, on the CPU; asked once, when the bytes are needed. What it makes is
     *               freed after that; what was there before is left alone
     */
    public record Item(String name, StoredType type, long[] shape, Supplier<Tensor> values) {
        /** Refuses what no file can hold. */
        public Item {
            if (name.equals(SafetensorsHeader.METADATA)) {
                throw new IllegalArgumentException(
                        "no tensor can be called " + name + ": the format means its metadata");
            }
            // Nothing here computes in double, so a double would be a value that nobody computed.
            if (!type.isWeight() || type == StoredType.F64) {
                throw new IllegalArgumentException(
                        "tensor '" + name + "': " + type + " cannot be written; supported: F32, F16, BF16");
            }
            shape = shape.clone();
            if (Arrays.stream(shape).anyMatch(size -> size < 0) || SafetensorsHeader.bytes(type, shape) < 0) {
                throw new IllegalArgumentException(
                        "tensor '" + name + "' cannot have the shape " + Arrays.toString(shape));
            }
        }

        /** A tensor that is there already; the caller keeps it alive until it is written. */
        public static Item of(String name, Tensor tensor) {
            return new Item(name, StoredType.of(tensor), Tensors.shape(tensor), () -> tensor);
        }

        /** A copy. */
        @Override
        public long[] shape() {
            return shape.clone();
        }

        /** Length of the data. */
        public long bytes() {
            return SafetensorsHeader.bytes(type, shape);
        }
    }

    /**
     * Writes one file.
     *
     * @param file must not exist
     * @throws IOException              if the file exists or cannot be written
     * @throws IllegalArgumentException if two tensors have one name, or one is not what its item says
     */
    public static void write(Path file, List<Item> items) throws IOException {
        requireNames(items);
        List<Path> written = new ArrayList<>();
        boolean done = false;
        try {
            writeFile(file, items, written);
            done = true;
        } finally {
            deleteUnless(done, written);
        }
    }

    /** As {@link #writeFolder(Path, List, long)} with files of 5 GB. */
    public static List<Path> writeFolder(Path folder, List<Item> items) throws IOException {
        return writeFolder(folder, items, SHARD_BYTES);
    }

    /**
     * Writes a model's weights into a folder: {@code model.safetensors} if they fit, otherwise {@code model-00001-of-0000N.safetensors}
     * and an index. Files are filled in the order given; a tensor above the limit has a file of its own.
     *
     * @param folder     must exist and hold no weights
     * @param shardBytes most bytes of data in a file, at least 1
     * @return the files, the index last
     * @throws IOException              if the folder holds weights or cannot be written
     * @throws IllegalArgumentException if two tensors have one name, or one is not what its item says
     */
    public static List<Path> writeFolder(Path folder, List<Item> items, long shardBytes) throws IOException {
        requireNames(items);
        if (shardBytes < 1) {
            throw new IllegalArgumentException("shardBytes: expected at least 1, got " + shardBytes);
        }
        for (String name : List.of(TensorStore.SINGLE, ShardIndex.NAME)) {
            // Either would hide what is written here, or be hidden by it.
            if (Files.exists(folder.resolve(name))) {
                throw new FileAlreadyExistsException(folder.resolve(name).toString());
            }
        }
        List<List<Item>> shards = shards(items, shardBytes);
        List<Path> written = new ArrayList<>();
        boolean done = false;
        try {
            if (shards.size() == 1) {
                writeFile(folder.resolve(TensorStore.SINGLE), items, written);
            } else {
                writeShards(folder, shards, written);
            }
            done = true;
        } finally {
            deleteUnless(done, written);
        }
        return List.copyOf(written);
    }

    private static List<List<Item>> shards(List<Item> items, long shardBytes) {
        List<List<Item>> shards = new ArrayList<>();
        shards.add(new ArrayList<>());
        long filled = 0;
        for (Item item : items) {
            if (filled > 0 && item.bytes() > Math.max(0, shardBytes - filled)) {
                shards.add(new ArrayList<>());
                filled = 0;
            }
            shards.get(shards.size() - 1).add(item);
            filled += item.bytes();
        }
        return shards;
    }

    private static void writeShards(Path folder, List<List<Item>> shards, List<Path> written) throws IOException {
        ObjectNode index = JSON.createObjectNode();
        ObjectNode metadata = index.putObject("metadata");
        ObjectNode weightMap = index.putObject(ShardIndex.WEIGHT_MAP);
        long total = 0;
        for (int i = 0; i < shards.size(); i++) {
            String name = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
            writeFile(folder.resolve(name), shards.get(i), written);
            for (Item item : shards.get(i)) {
                weightMap.put(item.name(), name);
                total += item.bytes();
            }
        }
        metadata.put("total_size", total);
        // Last: a folder without it is not taken for a model.
        byte[] json = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(index);
        create(folder.resolve(ShardIndex.NAME), written, channel -> writeFully(channel, ByteBuffer.wrap(json)));
    }

    private static void writeFile(Path file, List<Item> items, List<Path> written) throws IOException {
        // Wide elements first: every tensor then begins at a multiple of its element size and can be mapped.
        List<Item> ordered = items.stream()
                .sorted(Comparator.comparingInt((Item item) -> -item.type().bytesPerElement()))
                .toList();
        ByteBuffer header = header(ordered);
        create(file, written, channel -> {
            writeFully(channel, header);
            for (Item item : ordered) {
                append(channel, item);
            }
        });
    }

    private static ByteBuffer header(List<Item> items) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        header.putObject(SafetensorsHeader.METADATA).put("format", "pt");
        long offset = 0;
        for (Item item : items) {
            ObjectNode node = header.putObject(item.name());
            node.put("dtype", item.type().name());
            ArrayNode shape = node.putArray("shape");
            Arrays.stream(item.shape()).forEach(shape::add);
            long end = Math.addExact(offset, item.bytes());
            node.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = JSON.writeValueAsBytes(header);
        // The format allows spaces behind the header, so that data begin at a multiple of eight.
        int padded = (json.length + 7) / 8 * 8;
        if (padded > SafetensorsHeader.LONGEST) {
            throw new IllegalArgumentException("the names of " + items.size() + " tensors make a header of " + padded
                    + " bytes, at most " + SafetensorsHeader.LONGEST + " are allowed");
        }
        ByteBuffer bytes =
                ByteBuffer.allocate(SafetensorsHeader.PREFIX + padded).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(padded).put(json);
        while (bytes.hasRemaining()) {
            bytes.put((byte) ' ');
        }
        return bytes.flip();
    }

    private static void append(FileChannel channel, Item item) throws IOException {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            Tensor tensor = item.values().get();
            StoredType type = StoredType.of(tensor);
            long[] shape = Tensors.shape(tensor);
            if (type != item.type() || !Arrays.equals(shape, item.shape()) || !tensor.is_cpu()) {
                throw new IllegalArgumentException(
                        "tensor '" + item.name() + "': expected " + item.type() + " of shape "
                                + Arrays.toString(item.shape()) + " on the CPU, got " + type + " of shape "
                                + Arrays.toString(shape) + (tensor.is_cpu() ? "" : " elsewhere"));
            }
            if (item.bytes() > 0) {
                TensorBytes.append(channel, tensor.contiguous(), item.bytes());
            }
        }
    }

    /** Work on an open file. */
    private interface Body {
        void write(FileChannel channel) throws IOException;
    }

    private static void create(Path file, List<Path> written, Body body) throws IOException {
        try (WholeFile whole = WholeFile.begin(file, false)) {
            try {
                body.write(whole.channel());
            } catch (IOException e) {
                throw FileFault.of(file, e);
            }
            whole.commit();
            // Not before: a file that was there already is not ours to delete.
            written.add(file);
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private static void deleteUnless(boolean done, List<Path> written) throws IOException {
        if (!done) {
            for (Path file : written) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static void requireNames(List<Item> items) {
        Set<String> names = new HashSet<>();
        for (Item item : items) {
            if (!names.add(item.name())) {
                throw new IllegalArgumentException("tensor '" + item.name() + "' is given twice");
            }
        }
    }
}
