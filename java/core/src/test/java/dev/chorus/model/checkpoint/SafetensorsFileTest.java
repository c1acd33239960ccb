package dev.chorus.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {
    private static final Path GPT2 = Path.of("src/test/resources/fixtures/gpt2/model.safetensors");

    @TempDir
    private Path folder;

    /** Every bit pattern of a 16-bit type, often enough to be read in three pieces, the last one short. */
    @ParameterizedTest
    @CsvSource({"F16, Float", "F16, BFloat16", "BF16, Float", "BF16, BFloat16"})
    void convertsAllSixteenBitPatterns(StoredType from, ScalarType to) throws IOException {
        int[] bits = new int[70 * 65536 + 3];
        short[] stored = new short[bits.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = i & 0xffff;
            stored[i] = (short) i;
        }
        converts(from, bits, RawFile.shorts(stored), to);
    }

    /** Every bf16 number, and what lies beside it and around the middle to the next: ties, carries, subnormals. */
    @ParameterizedTest
    @ValueSource(strings = {"Float", "BFloat16"})
    void convertsFloats(ScalarType to) throws IOException {
        int[] lower = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
        int[] bits = new int[65536 * lower.length * 6 + 1];
        byte[] stored = new byte[4 * bits.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (((i / lower.length) & 0xffff) << 16) | lower[i % lower.length];
        }
        RawFile.little(stored).asIntBuffer().put(bits);
        converts(StoredType.F32, bits, stored, to);
    }

    private void converts(StoredType from, int[] bits, byte[] stored, ScalarType to) throws IOException {
        // A neighbour on either side: what is read begins and ends where it should.
        String header = "{" + RawFile.tensor("a", StoredType.F32, "[1]", 0, 4) + ","
                + RawFile.tensor("w", from, "[" + bits.length + "]", 4, 4L + stored.length) + ","
                + RawFile.tensor("z", StoredType.F32, "[1]", 4L + stored.length, 8L + stored.length) + "}";
        byte[] data = new byte[stored.length + 8];
        RawFile.little(data).putFloat(1).put(stored).putFloat(2);
        RawFile.write(file(), header, data);
        try (SafetensorsFile file = SafetensorsFile.open(file());
                Scope scope = new Scope()) {
            Tensor into = zeros(to, bits.length);
            file.readInto("w", into);
            StoredType type = StoredType.of(into);
            int[] found = StoredBits.bits(into);
            for (int i = 0; i < bits.length; i++) {
                float value = StoredBits.value(from, bits[i]);
                boolean same = Float.isNaN(value)
                        ? Float.isNaN(StoredBits.value(type, found[i]))
                        : found[i] == StoredBits.nearest(type, value);
                if (!same) {
                    assertThat(Integer.toHexString(found[i]))
                            .as("element %d, stored as %x", i, bits[i])
                            .isEqualTo(Integer.toHexString(StoredBits.nearest(type, value)));
                }
            }
        }
    }

    /** Header lengths of all remainders: mapped where the elements are aligned, copied where not. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void mapsTheBytesOfTheFile(int spaces) throws IOException {
        short[] halves = {1, 0x3c00, (short) 0xfc00, 0x7e01, 0x0400, (short) 0x8000};
        float[] singles = {1.5f, -0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY};
        String header = "{" + RawFile.tensor("h", StoredType.F16, "[2,3]", 0, 12) + ","
                + RawFile.tensor("f", StoredType.F32, "[4]", 12, 28) + ","
                + RawFile.tensor("b", StoredType.BF16, "[3,1,2]", 28, 40) + ","
                + RawFile.tensor("none", StoredType.BF16, "[2,0]", 40, 40) + ","
                + RawFile.tensor("one", StoredType.F32, "[]", 40, 44) + "}";
        String padded = header + " ".repeat(8 - header.length() % 8 + spaces);
        byte[] data = new byte[44];
        RawFile.little(data)
                .put(RawFile.shorts(halves))
                .put(RawFile.floats(singles))
                .put(RawFile.shorts(halves))
                .putFloat(7);
        RawFile.write(file(), padded, data);
        try (SafetensorsFile file = SafetensorsFile.open(file());
                Scope scope = new Scope()) {
            Tensor h = file.mapped("h");
            Tensor f = file.mapped("f");
            Tensor b = file.mapped("b");
            assertThat(StoredType.of(h)).isEqualTo(StoredType.F16);
            assertThat(StoredType.of(f)).isEqualTo(StoredType.F32);
            assertThat(StoredType.of(b)).isEqualTo(StoredType.BF16);
            assertThat(Tensors.shape(h)).containsExactly(2, 3);
            assertThat(Tensors.shape(f)).containsExactly(4);
            assertThat(Tensors.shape(b)).containsExactly(3, 1, 2);
            assertThat(StoredBits.bytes(h)).containsExactly(RawFile.shorts(halves));
            assertThat(StoredBits.bytes(f)).containsExactly(RawFile.floats(singles));
            assertThat(StoredBits.bytes(b)).containsExactly(RawFile.shorts(halves));
            assertThat(Tensors.shape(file.mapped("none"))).containsExactly(2, 0);
            assertThat(Tensors.shape(file.mapped("one"))).isEmpty();
            assertThat(file.mapped("one").item_float()).isEqualTo(7);
            assertThat(h.is_contiguous() && f.is_contiguous() && b.is_contiguous())
                    .isTrue();
            // The address tells a map from a copy.
            boolean even = spaces % 2 == 0;
            assertThat(h.is_alias_of(file.mapped("h"))).isEqualTo(even);
            assertThat(b.is_alias_of(h)).isEqualTo(even);
            assertThat(f.is_alias_of(file.mapped("f"))).isEqualTo(spaces % 4 == 0);
            Tensor into = Tensors.empty(4);
            file.readInto("f", into);
            assertThat(StoredBits.bytes(into)).containsExactly(RawFile.floats(singles));
            file.readInto("none", Tensors.empty(2, 0));
            Tensor one = Tensors.empty();
            file.readInto("one", one);
            assertThat(one.item_float()).isEqualTo(7);
        }
    }

    @Test
    void mappedIsReadBitForBit() {
        try (SafetensorsFile file = SafetensorsFile.open(GPT2)) {
            assertThat(file.entries()).hasSizeGreaterThan(10);
            assertThat(file.metadata()).containsEntry("format", "pt");
            for (SafetensorsEntry entry : file.entries().values()) {
                try (Scope scope = new Scope()) {
                    Tensor into = Tensors.empty(entry.shape());
                    file.readInto(entry.name(), into);
                    assertThat(StoredBits.bytes(file.mapped(entry.name()))).isEqualTo(StoredBits.bytes(into));
                }
            }
        }
    }

    /** Also without a scope around, and after the file's name is gone. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void mappingLivesAsLongAsItsTensors() throws IOException {
        twoTensors();
        Tensor kept;
        SafetensorsFile file = SafetensorsFile.open(file());
        try (Scope scope = new Scope()) {
            kept = scope.release(file.mapped("w"));
            file.mapped("v");
        }
        assertThat(mappings()).isEqualTo(1);
        file.close();
        file.close();
        assertThat(mappings()).isEqualTo(1);
        Files.delete(file());
        try (Scope scope = new Scope()) {
            assertThat(Tensors.toFloats(kept)).containsExactly(3, 4);
        }
        kept.close();
        assertThat(mappings()).isZero();
    }

    @Test
    void writingToAMappedTensorLeavesTheFile() throws IOException {
        twoTensors();
        byte[] before = Files.readAllBytes(file());
        try (SafetensorsFile file = SafetensorsFile.open(file());
                Scope scope = new Scope()) {
            file.mapped("w").zero_();
            assertThat(Tensors.toFloats(file.mapped("w"))).containsExactly(0, 0);
            Tensor into = Tensors.empty(2);
            file.readInto("w", into);
            assertThat(Tensors.toFloats(into)).containsExactly(3, 4);
        }
        assertThat(Files.readAllBytes(file())).isEqualTo(before);
    }

    @Test
    void readsIntoAPartOfAnotherTensorAndIntoALeaf() throws IOException {
        twoTensors();
        try (SafetensorsFile file = SafetensorsFile.open(file());
                Scope scope = new Scope()) {
            Tensor all = Tensors.zeros(6);
            file.readInto("w", all.narrow(0, 2, 2));
            assertThat(Tensors.toFloats(all)).containsExactly(0, 0, 3, 4, 0, 0);
            for (ScalarType type : new ScalarType[] {ScalarType.Float, ScalarType.BFloat16}) {
                Tensor leaf = zeros(type, 2);
                leaf.set_requires_grad(true);
                file.readInto("w", leaf);
                assertThat(leaf.is_leaf()).isTrue();
                assertThat(Tensors.toFloats(leaf.detach().to(ScalarType.Float))).containsExactly(3, 4);
            }
        }
    }

    @Test
    void refusesDestinationsThatDoNotFit() throws IOException {
        twoTensors();
        try (SafetensorsFile file = SafetensorsFile.open(file());
                Scope scope = new Scope()) {
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> file.readInto("w", Tensors.zeros(1, 2)))
                    .withMessage(file() + ": tensor 'w' has shape [2], asked for [1, 2]");
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> file.readInto("x", Tensors.zeros(2)))
                    .withMessageContaining("no tensor 'x' among its 2");
            for (ScalarType type : List.of(ScalarType.Half, ScalarType.Double, ScalarType.Long)) {
                Tensor destination = zeros(type, 2);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> file.readInto("w", destination))
                        .withMessageContaining("destination of 'w'")
                        .withMessageContaining("got " + type);
            }
            Tensor column = Tensors.zeros(2, 2).select(1, 0);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> file.readInto("w", column))
                    .withMessageContaining("not contiguous");
            assertThat(Tensors.toFloats(column)).containsExactly(0, 0);
        }
    }

    @Test
    void closedFileGivesNothing() throws IOException {
        twoTensors();
        SafetensorsFile file = SafetensorsFile.open(file());
        file.close();
        try (Scope scope = new Scope()) {
            assertThatIllegalStateException().isThrownBy(() -> file.mapped("w")).withMessageContaining("is closed");
            assertThatIllegalStateException()
                    .isThrownBy(() -> file.readInto("w", Tensors.zeros(2)))
                    .withMessageContaining("is closed");
        }
    }

    @Test
    void fileThatWasCutShortSinceIsRefused() throws IOException {
        twoTensors();
        try (SafetensorsFile file = SafetensorsFile.open(file());
                Scope scope = new Scope()) {
            byte[] bytes = Files.readAllBytes(file());
            try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
                channel.truncate(bytes.length - 1);
            }
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> file.readInto("w", Tensors.zeros(2)))
                    .withMessageContaining("it ends at byte " + (bytes.length - 1) + ", expected " + bytes.length);
            Files.delete(file());
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> file.mapped("w"))
                    .withMessageContaining(file().toString())
                    .withMessageContaining("cannot be mapped");
        }
    }

    /** Offsets beyond 31 bits, with a heap of one GiB; the data are a hole but for the last tensor. */
    @Test
    void readsFilesAboveTwoGibibytes() throws IOException {
        long count = 600_000_000;
        String header = "{" + RawFile.tensor("hole", StoredType.F32, "[" + count + "]", 0, 4 * count) + ","
                + RawFile.tensor("last", StoredType.F32, "[2]", 4 * count, 4 * count + 8) + "}";
        String padded = header + " ".repeat(8 - header.length() % 8);
        RawFile.write(file(), padded, new byte[0]);
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
            long start = 8L + padded.length();
            channel.write(ByteBuffer.wrap(RawFile.floats(5)), start + 4 * (count - 1));
            channel.write(ByteBuffer.wrap(RawFile.floats(6, 7)), start + 4 * count);
        }
        try (SafetensorsFile file = SafetensorsFile.open(file());
                Scope scope = new Scope()) {
            Tensor hole = file.mapped("hole");
            assertThat(hole.numel()).isEqualTo(count);
            assertThat(Tensors.toFloats(hole.narrow(0, count - 2, 2))).containsExactly(0, 5);
            assertThat(Tensors.toFloats(file.mapped("last"))).containsExactly(6, 7);
            // Tensors of this size are read and written through buffers over their parts.
            ByteBuffer end = TensorBytes.over(hole, 4 * (count - 3), 12).order(ByteOrder.nativeOrder());
            assertThat(end.remaining()).isEqualTo(12);
            assertThat(new float[] {end.getFloat(), end.getFloat(), end.getFloat()})
                    .containsExactly(0, 0, 5);
            Tensor into = Tensors.zeros(2);
            file.readInto("last", into);
            assertThat(Tensors.toFloats(into)).containsExactly(6, 7);
        }
    }

    @Test
    void namesOfFilesAreNotOnlyLatin() throws IOException {
        String name = "größe 权重.safetensors";
        assumeThat(Charset.forName(System.getProperty("sun.jnu.encoding"))
                        .newEncoder()
                        .canEncode(name))
                .isTrue();
        twoTensors();
        Path renamed = Files.move(file(), folder.resolve(name));
        try (SafetensorsFile file = SafetensorsFile.open(renamed);
                Scope scope = new Scope()) {
            assertThat(Tensors.toFloats(file.mapped("w"))).containsExactly(3, 4);
        }
    }

    @Test
    void manyThreadsReadOneFile() throws IOException, InterruptedException {
        twoTensors();
        List<Throwable> failures = new ArrayList<>();
        try (SafetensorsFile file = SafetensorsFile.open(file())) {
            List<Thread> threads = Stream.generate(() -> new Thread(() -> readOften(file, failures)))
                    .limit(4)
                    .toList();
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(failures).isEmpty();
    }

    private static void readOften(SafetensorsFile file, List<Throwable> failures) {
        try {
            for (int i = 0; i < 200; i++) {
                try (Scope scope = new Scope()) {
                    Tensor into = zeros(ScalarType.BFloat16, 2);
                    file.readInto(i % 2 == 0 ? "v" : "w", into);
                    assertThat(Tensors.toFloats(into.to(ScalarType.Float)))
                            .containsExactly(Tensors.toFloats(file.mapped(i % 2 == 0 ? "v" : "w")));
                }
            }
        } catch (Throwable e) {
            synchronized (failures) {
                failures.add(e);
            }
        }
    }

    private static Tensor zeros(ScalarType type, long... shape) {
        return torch.empty(shape, new TensorOptions(type), null).zero_();
    }

    private Path twoTensors() throws IOException {
        String header = "{" + RawFile.tensor("v", StoredType.F32, "[2]", 0, 8) + ","
                + RawFile.tensor("w", StoredType.F32, "[2]", 8, 16) + "}";
        return RawFile.write(file(), header + " ".repeat(8 - header.length() % 8), RawFile.floats(1, 2, 3, 4));
    }

    private Path file() {
        return folder.resolve("model.safetensors");
    }

    /** How often the test's file is mapped; one that was deleted keeps its name there. */
    private long mappings() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.contains(file().toString())).count();
        }
    }
}
