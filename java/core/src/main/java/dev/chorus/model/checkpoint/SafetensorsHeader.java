package dev.chorus.model.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a safetensors file says about itself, checked before anything is allocated by it: eight bytes of header length (little
 * endian), the header in JSON, the data.
 *
 * <p>A file is believed only as far as it is checked: the header's length against the file and a cap, no key twice, every
 * shape's product against its span of bytes, and spans that cover the data without overlap or gap.
 */
final class SafetensorsHeader {
    /** Bytes; the cap of the format's own implementation. */
    static final long LONGEST = 100_000_000;

    static final String METADATA = "__metadata__";

    /** Bytes of the header's length. */
    static final int PREFIX = 8;

    /** LibTorch's operators stop at so many. */
    private static final int MOST_AXES = 64;

    private final Path file;
    private final long dataStart;
    private final long dataBytes;
    private final Map<String, SafetensorsEntry> entries = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafetensorsHeader(Path file, long dataStart, long dataBytes) {
        this.file = file;
        this.dataStart = dataStart;
        this.dataBytes = dataBytes;
    }

    /** Reads and checks; the data are left alone. */
    static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < PREFIX) {
            throw new CheckpointException(
                    file,
                    "has " + size + " bytes, a safetensors file has at least 8; fetch it again if it was downloaded");
        }
        ByteBuffer prefix = ByteBuffer.allocate(PREFIX).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, 0, prefix);
        long length = prefix.flip().getLong();
        String claim = "the header claims " + Long.toUnsignedString(length) + " bytes, ";
        if (length < 0 || length > size - PREFIX) {
            throw new CheckpointException(
                    file,
                    claim + "the file has " + (size - PREFIX)
                            + " behind the length: it is no safetensors file, or a part of one");
        }
        if (length > LONGEST) {
            throw new CheckpointException(file, claim + "at most " + LONGEST + " are allowed");
        }
        SafetensorsHeader header = new SafetensorsHeader(file, PREFIX + length, size - PREFIX - length);
        ByteBuffer first = ByteBuffer.allocate(1);
        if (length > 0) {
            readFully(channel, PREFIX, first);
        }
        if (first.get(0) != '{') {
            throw new CheckpointException(file, "the header is no JSON object: it does not begin with '{'");
        }
        StrictJson.read(file, "the header", new Slice(channel, PREFIX, length), header::parse);
        header.coverTheData();
        return header;
    }

    /** In the order of the data. */
    Map<String, SafetensorsEntry> entries() {
        return Collections.unmodifiableMap(entries);
    }

    Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    private void parse(StrictJson json) throws IOException {
        json.fields(name -> {
            if (name.equals(METADATA)) {
                json.words(METADATA, metadata);
            } else {
                entries.put(name, entry(json, name));
            }
        });
    }

    /** One tensor's description while its fields are read, in whatever order. */
    private static final class Draft {
        private StoredType type;
        private long[] shape;
        private long[] offsets;
    }

    private SafetensorsEntry entry(StrictJson json, String name) throws IOException {
        String tensor = "tensor '" + name + "' ";
        if (!json.beginsObject()) {
            throw json.problem(tensor + "is " + json.value() + ", expected an object");
        }
        Draft draft = new Draft();
        json.fields(key -> {
            switch (key) {
                case "dtype" -> draft.type = type(json, tensor);
                case "shape" -> draft.shape = sizes(json, tensor + "has a shape ", MOST_AXES);
                case "data_offsets" -> draft.offsets = sizes(json, tensor + "has data_offsets ", 2);
                // The format's own reader passes over what it does not know.
                default -> json.skip();
            }
        });
        if (draft.type == null || draft.shape == null || draft.offsets == null || draft.offsets.length != 2) {
            throw json.problem(tensor + "needs a dtype, a shape and two data_offsets; one of them is missing");
        }
        long from = draft.offsets[0];
        long to = draft.offsets[1];
        if (from > to || to > dataBytes) {
            throw json.problem(tensor + "lies at bytes " + from + " to " + to + " of the data, the file has "
                    + dataBytes + "; fetch it again if it was downloaded");
        }
        long bytes = bytes(draft.type, draft.shape);
        if (bytes != to - from) {
            throw json.problem(tensor + "is " + draft.type + " of shape " + Arrays.toString(draft.shape) + ", "
                    + (bytes < 0 ? "which is no whole number of bytes below 2^60" : bytes + " bytes")
                    + ", but lies at bytes " + from + " to " + to + " of the data");
        }
        return new SafetensorsEntry(name, draft.type, draft.shape, dataStart + from, bytes);
    }

    private static StoredType type(StrictJson json, String tensor) throws IOException {
        Optional<StoredType> type = Optional.ofNullable(json.word()).flatMap(StoredType::named);
        if (type.isEmpty()) {
            throw json.problem(tensor + "has the unknown dtype '" + json.value() + "'; known: "
                    + Arrays.toString(StoredType.values()));
        }
        return type.get();
    }

    private static long[] sizes(StrictJson json, String what, int most) throws IOException {
        if (!json.beginsArray()) {
            throw json.problem(what + "of " + json.value() + ", expected a list");
        }
        long[] sizes = new long[most];
        int count = 0;
        while (json.nextElement()) {
            if (count == most) {
                throw json.problem(what + "of more than " + most + " numbers");
            }
            long size = json.size();
            if (size < 0) {
                throw json.problem(what + "that holds " + json.value() + ", expected whole numbers from 0 to 2^63 - 1");
            }
            sizes[count++] = size;
        }
        return Arrays.copyOf(sizes, count);
    }

    /** The span that a shape asks for, or -1 if there is none: 2^60 bytes or more, or not whole ones of a packed type. */
    static long bytes(StoredType type, long[] shape) {
        try {
            long bits = type.bits();
            boolean empty = false;
            for (long size : shape) {
                // Strides are products of the other sizes even where a size is 0.
                bits = Math.multiplyExact(bits, Math.max(1, size));
                empty |= size == 0;
            }
            if (empty) {
                return 0;
            }
            return bits % 8 == 0 ? bits / 8 : -1;
        } catch (ArithmeticException e) {
            return -1;
        }
    }

    private void coverTheData() {
        List<SafetensorsEntry> ordered = new ArrayList<>(entries.values());
        // A tensor without elements ends where it starts: it comes before its neighbour.
        ordered.sort(Comparator.comparingLong(SafetensorsEntry::offset).thenComparingLong(SafetensorsEntry::bytes));
        long expected = dataStart;
        entries.clear();
        for (SafetensorsEntry entry : ordered) {
            if (entry.offset() != expected) {
                throw new CheckpointException(
                        file,
                        "tensor '" + entry.name() + "' starts at byte " + (entry.offset() - dataStart)
                                + " of the data, expected " + (expected - dataStart) + ": tensors "
                                + (entry.offset() < expected ? "overlap" : "leave a gap"));
            }
            expected += entry.bytes();
            entries.put(entry.name(), entry);
        }
        if (expected != dataStart + dataBytes) {
            throw new CheckpointException(
                    file,
                    "the tensors end at byte " + (expected - dataStart) + " of the data, the file has " + dataBytes);
        }
    }

    /** Fills a buffer from a place in a file. */
    static void readFully(FileChannel channel, long position, ByteBuffer buffer) throws IOException {
        long end = position + buffer.remaining();
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, end - buffer.remaining()) < 0) {
                throw new IOException("it ends at byte " + channel.size() + ", expected " + end);
            }
        }
    }

    /** A part of a file as a stream: a header is parsed as it is read, never held as a whole. */
    private static final class Slice extends InputStream {
        private final FileChannel channel;
        private final long end;
        private long next;

        Slice(FileChannel channel, long start, long length) {
            this.channel = channel;
            this.end = start + length;
            this.next = start;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            int count = (int) Math.min(length, end - next);
            if (count == 0) {
                return -1;
            }
            readFully(channel, next, ByteBuffer.wrap(into, offset, count));
            next += count;
            return count;
        }
    }
}
