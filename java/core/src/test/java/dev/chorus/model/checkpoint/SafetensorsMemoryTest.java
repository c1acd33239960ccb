package dev.chorus.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tensor of 256 MiB is read through a few MiB, and written through none. */
class SafetensorsMemoryTest {
    private static final long COUNT = 64 << 20;

    /** Four MiB are staged. What the heap and malloc's arenas grow by is less; a second copy would be four times this or more. */
    private static final long MOST_BYTES = 32L << 20;

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"F32, Float", "F32, BFloat16", "BF16, Float"})
    void readingTakesNoSecondCopy(StoredType from, ScalarType to) throws IOException {
        LibTorch.threads(1);
        Path path = hole(from);
        try (SafetensorsFile file = SafetensorsFile.open(path);
                Scope scope = new Scope()) {
            // Written to, so that its pages are there before.
            Tensor into =
                    torch.empty(new long[] {COUNT}, new TensorOptions(to), null).fill_(Tensors.scalar(1));
            Tensor few = torch.empty(new long[] {2}, new TensorOptions(to), null);
            file.readInto("last", few);
            long before = resetPeak();
            file.readInto("w", into);
            long peak = status("VmHWM:");
            assertThat(peak - before).isLessThan(MOST_BYTES);
            assertThat(into.count_nonzero().item_long()).isZero();
        }
    }

    @Test
    void writingTakesNoSecondCopy() throws IOException {
        LibTorch.threads(1);
        try (Scope scope = new Scope()) {
            Tensor large = Tensors.empty(COUNT).fill_(Tensors.scalar(1));
            SafetensorsWriter.Item item = SafetensorsWriter.Item.of("w", large);
            // Classes that are loaded on the way take more than the bytes do.
            SafetensorsWriter.write(
                    folder.resolve("first.safetensors"), List.of(SafetensorsWriter.Item.of("w", Tensors.zeros(2))));
            long before = resetPeak();
            SafetensorsWriter.write(folder.resolve("written.safetensors"), List.of(item));
            assertThat(status("VmHWM:") - before).isLessThan(MOST_BYTES);
        }
    }

    private Path hole(StoredType type) throws IOException {
        long bytes = COUNT * type.bytesPerElement();
        String header = "{" + RawFile.tensor("w", type, "[" + COUNT + "]", 0, bytes) + ","
                + RawFile.tensor("last", type, "[2]", bytes, bytes + 2L * type.bytesPerElement()) + "}";
        String padded = header + " ".repeat(8 - header.length() % 8);
        Path file = RawFile.write(folder.resolve("hole.safetensors"), padded, new byte[0]);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), Files.size(file) + bytes + 2L * type.bytesPerElement() - 1);
        }
        return file;
    }

    /** Forgets the largest size that the process had, and says what it has now. */
    private static long resetPeak() throws IOException {
        assumeThat(Files.isWritable(CLEAR) && Files.isReadable(STATUS)).isTrue();
        Files.writeString(CLEAR, "5", StandardOpenOption.WRITE);
        long resident = status("VmRSS:");
        // Some systems take the request and do nothing.
        assumeThat(status("VmHWM:")).isLessThan(resident + MOST_BYTES / 4);
        return resident;
    }

    private static long status(String key) throws IOException {
        String line = Files.readAllLines(STATUS).stream()
                .filter(candidate -> candidate.startsWith(key))
                .findFirst()
                .orElse(key + " 0 kB");
        return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
    }
}
