package dev.chorus.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that have been tampered with are read or refused: no other exception, and no memory by their word. */
class SafetensorsFuzzTest {
    private static final int FILES = 4000;

    /** A file of 700 bytes takes some 60 KiB to parse; one number believed could take gigabytes. */
    private static final long MOST_ALLOCATED = 1 << 20;

    private static final String HEADER = ("{'__metadata__':{'format':'pt','note':'größe'},"
                    + RawFile.tensor("embed.weight", StoredType.F32, "[4,6]", 0, 96) + ","
                    + RawFile.tensor("h.0.attn.weight", StoredType.BF16, "[3,8]", 96, 144) + ","
                    + RawFile.tensor("h.0.mask", StoredType.BOOL, "[1,1,4]", 144, 148) + ","
                    + RawFile.tensor("none", StoredType.F32, "[0,7]", 148, 148) + ","
                    + RawFile.tensor("scale", StoredType.F32, "[]", 148, 152) + ","
                    + RawFile.tensor("h.0.bias", StoredType.F16, "[10]", 152, 172) + "}")
            .replace('\'', '"');

    /** What an editor would put in place of something. */
    private static final String[] PIECES = {
        "0", "-1", "1", "9", "4294967296", "9223372036854775807", "1e9", "0.5", "NaN", "null", "[]", "{}", "\"", "[",
                "]",
        "{", "}", ",", ":", "\\u0000", "\\ud800", "F32", "F64", "I64", "F4", "embed.weight", "__metadata__", "shape",
                "\n", " "
    };

    @TempDir
    private Path folder;

    private final Random random = new Random(20);

    @Test
    void mutationsAreReadOrRefused() throws IOException {
        Path file = folder.resolve("fuzz.safetensors");
        byte[] data = new byte[172];
        random.nextBytes(data);
        byte[] header = HEADER.getBytes(StandardCharsets.UTF_8);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] opened = new long[2];
        Files.write(file, RawFile.bytes(header, data));
        assertThat(open(file)).isTrue();
        for (int i = 0; i < FILES; i++) {
            byte[] bytes = i % 2 == 0 ? bytesChanged(RawFile.bytes(header, data)) : RawFile.bytes(edited(), data);
            Files.write(file, bytes);
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
            boolean read = open(file);
            long allocated =
                    threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
            assertThat(allocated).as("bytes for file %d", i).isLessThan(MOST_ALLOCATED);
            opened[read ? 1 : 0]++;
        }
        // Both happen often: neither is all that is tested.
        assertThat(opened[0]).isGreaterThan(FILES / 4);
        assertThat(opened[1]).isGreaterThan(FILES / 20);
    }

    /** Whether the file could be opened; then its weights have been read both ways. */
    private static boolean open(Path path) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            for (SafetensorsEntry entry : file.entries().values()) {
                if (entry.type().isWeight()) {
                    try (Scope scope = new Scope()) {
                        Tensor into = Tensors.empty(entry.shape());
                        file.readInto(entry.name(), into);
                        assertThat(file.mapped(entry.name()).numel()).isEqualTo(into.numel());
                    }
                }
            }
            return true;
        } catch (CheckpointException e) {
            assertThat(e).hasMessageStartingWith(path + ": ");
            assertThat(e.getMessage().length()).isLessThan(path.toString().length() + 1000);
            return false;
        }
    }

    /** Some bits or bytes of the file changed, or a part of it cut off, added or copied elsewhere. */
    private byte[] bytesChanged(byte[] original) {
        byte[] bytes = original.clone();
        int headerEnd = 8 + HEADER.length();
        switch (random.nextInt(5)) {
            case 0 -> bytes[random.nextInt(8)] ^= (byte) (1 << random.nextInt(8));
            case 1 -> {
                for (int i = random.nextInt(3); i >= 0; i--) {
                    bytes[random.nextInt(headerEnd)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            case 2 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            case 3 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 20));
            default -> {
                int count = random.nextInt(40);
                System.arraycopy(
                        original,
                        random.nextInt(bytes.length - count),
                        bytes,
                        random.nextInt(bytes.length - count),
                        count);
            }
        }
        return bytes;
    }

    /** The header with a piece put in, taken out or replaced; its length is right. */
    private byte[] edited() {
        StringBuilder header = new StringBuilder(HEADER);
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(header.length());
            String piece = PIECES[random.nextInt(PIECES.length)];
            switch (random.nextInt(4)) {
                case 0 -> header.insert(at, piece);
                case 1 -> header.delete(at, Math.min(header.length(), at + 1 + random.nextInt(10)));
                case 2 -> header.replace(at, at + 1, piece);
                default -> {
                    // A number for another: the text stays JSON.
                    int digit = at;
                    while (digit < header.length() && !Character.isDigit(header.charAt(digit))) {
                        digit++;
                    }
                    if (digit < header.length()) {
                        header.setCharAt(digit, (char) ('0' + random.nextInt(10)));
                    }
                }
            }
        }
        ByteBuffer encoded = StandardCharsets.UTF_8.encode(header.toString());
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }
}
