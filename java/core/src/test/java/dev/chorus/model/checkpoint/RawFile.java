package dev.chorus.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files byte by byte, right or wrong, without the code under test. */
final class RawFile {
    private RawFile() {}

    /** A file of a header, single quotes standing for double ones, and data. */
    static Path write(Path file, String header, byte[] data) throws IOException {
        return write(file, header.replace('\'', '"').getBytes(StandardCharsets.UTF_8), data);
    }

    static Path write(Path file, byte[] header, byte[] data) throws IOException {
        return Files.write(file, bytes(header, data));
    }

    static byte[] bytes(byte[] header, byte[] data) {
        byte[] bytes = new byte[8 + header.length + data.length];
        little(bytes).putLong(header.length).put(header).put(data);
        return bytes;
    }

    /** One tensor's field of a header. */
    static String tensor(String name, StoredType type, String shape, long from, long to) {
        return "'" + name + "':{'dtype':'" + type + "','shape':" + shape + ",'data_offsets':[" + from + "," + to + "]}";
    }

    static byte[] floats(float... values) {
        byte[] bytes = new byte[4 * values.length];
        little(bytes).asFloatBuffer().put(values);
        return bytes;
    }

    static byte[] shorts(short... values) {
        byte[] bytes = new byte[2 * values.length];
        little(bytes).asShortBuffer().put(values);
        return bytes;
    }

    static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
