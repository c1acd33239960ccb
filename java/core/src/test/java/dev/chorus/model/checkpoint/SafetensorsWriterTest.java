package dev.chorus.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.model.checkpoint.SafetensorsWriter.Item;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
    @TempDir
    private Path folder;

    private Scope scope;

    @BeforeEach
    void openScope() {
        scope = new Scope();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @Test
    void writesTheFormat() throws IOException {
        SafetensorsWriter.write(
                file(), List.of(Item.of("w", Tensors.floats(new float[] {1, -2}, 1, 2)), Item.of("é", half(3))));
        String json = "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                + "\"é\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[8,10]}}";
        byte[] header = json.getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(header, (header.length + 7) / 8 * 8);
        Arrays.fill(padded, header.length, padded.length, (byte) ' ');
        byte[] data = new byte[10];
        RawFile.little(data).putFloat(1).putFloat(-2).putShort((short) 0x4200);
        assertThat(Files.readAllBytes(file())).isEqualTo(RawFile.bytes(padded, data));
    }

    @Test
    void readsWhatItWrote() throws IOException {
        List<Tensor> tensors = new ArrayList<>();
        float[] odd = {1, -0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN, Float.NEGATIVE_INFINITY};
        Tensor matrix = Tensors.floats(odd, 2, 3);
        tensors.add(half(1, 2, 3));
        tensors.add(matrix);
        tensors.add(matrix.t());
        tensors.add(matrix.to(ScalarType.BFloat16).narrow(1, 1, 2));
        tensors.add(Tensors.zeros());
        tensors.add(Tensors.zeros(3, 0));
        Tensor leaf = Tensors.zeros(4);
        leaf.set_requires_grad(true);
        tensors.add(leaf);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < tensors.size(); i++) {
            items.add(Item.of("tensor \"" + i + "\"", tensors.get(i)));
        }
        SafetensorsWriter.write(file(), items);
        try (SafetensorsFile file = SafetensorsFile.open(file())) {
            assertThat(file.entries()).hasSize(items.size());
            for (int i = 0; i < tensors.size(); i++) {
                SafetensorsEntry entry = file.entry(items.get(i).name());
                // Also an odd number of halves in front leaves every tensor where it can be mapped.
                assertThat(entry.offset() % entry.type().bytesPerElement()).isZero();
                assertThat(entry.shape()).containsExactly(Tensors.shape(tensors.get(i)));
                assertThat(StoredBits.bytes(file.mapped(entry.name())))
                        .containsExactly(StoredBits.bytes(tensors.get(i)));
            }
        }
    }

    /** A tensor in more than one piece. */
    @Test
    void writesLargeTensors() throws IOException {
        Tensor large = torch.arange(Tensors.scalar(17_000_001)).to(ScalarType.Float);
        SafetensorsWriter.write(file(), List.of(Item.of("small", half(1)), Item.of("large", large)));
        try (SafetensorsFile file = SafetensorsFile.open(file())) {
            assertThat(file.mapped("large").equal(large)).isTrue();
            Tensor into = Tensors.empty(17_000_001);
            file.readInto("large", into);
            assertThat(into.equal(large)).isTrue();
        }
    }

    @Test
    void splitsInTheOrderGiven() throws IOException {
        List<Item> items = new ArrayList<>();
        int[] sizes = {2, 2, 1, 9, 0, 1, 3};
        for (int i = 0; i < sizes.length; i++) {
            items.add(Item.of("t" + i, Tensors.zeros(sizes[i])));
        }
        List<Path> files = SafetensorsWriter.writeFolder(folder, items, 16);
        assertThat(files)
                .containsExactly(
                        folder.resolve("model-00001-of-00004.safetensors"),
                        folder.resolve("model-00002-of-00004.safetensors"),
                        folder.resolve("model-00003-of-00004.safetensors"),
                        folder.resolve("model-00004-of-00004.safetensors"),
                        folder.resolve("model.safetensors.index.json"));
        assertThat(written()).hasSize(5);
        JsonNode index = new ObjectMapper().readTree(files.get(4).toFile());
        assertThat(index.get("metadata").get("total_size").asLong()).isEqualTo(4 * 18);
        assertThat(index.get("weight_map").properties().stream()
                        .map(claim -> claim.getKey() + claim.getValue().asText().substring(5, 11)))
                .containsExactly("t0-00001", "t1-00001", "t2-00002", "t3-00003", "t4-00003", "t5-00004", "t6-00004");
        try (TensorStore store = TensorStore.open(folder)) {
            assertThat(store.names()).hasSize(7);
            assertThat(store.bytes()).isEqualTo(4 * 18);
            assertThat(store.entry("t3").shape()).containsExactly(9);
        }
    }

    @Test
    void whatFitsIsOneFile() throws IOException {
        List<Item> items = List.of(Item.of("a", Tensors.zeros(2)), Item.of("b", Tensors.zeros(2)));
        assertThat(SafetensorsWriter.writeFolder(folder, items, 16))
                .containsExactly(folder.resolve("model.safetensors"));
        assertThat(written()).hasSize(1);
        try (TensorStore store = TensorStore.open(folder)) {
            assertThat(store.names()).containsExactlyInAnyOrder("a", "b");
        }
        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> SafetensorsWriter.writeFolder(folder, items, 8))
                .withMessageContaining("model.safetensors");
        assertThat(written()).hasSize(1);
        Files.move(folder.resolve("model.safetensors"), folder.resolve("model.safetensors.index.json"));
        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> SafetensorsWriter.writeFolder(folder, items))
                .withMessageContaining("model.safetensors.index.json");
    }

    /** One at a time: what a supplier makes is gone before the next is asked. */
    @Test
    void tensorsAreAskedForWhenTheirTurnComes() throws IOException {
        List<Tensor> made = new ArrayList<>();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            float value = i;
            items.add(new Item("t" + i, StoredType.F32, new long[] {1}, () -> {
                assertThat(made).allMatch(earlier -> earlier.isNull());
                Tensor tensor = Tensors.floats(new float[] {value}, 1);
                made.add(tensor);
                return tensor;
            }));
        }
        SafetensorsWriter.writeFolder(folder, items, 4);
        assertThat(made).hasSize(3).allMatch(tensor -> tensor.isNull());
        try (TensorStore store = TensorStore.open(folder)) {
            assertThat(Tensors.toFloats(store.mapped("t2"))).containsExactly(2);
        }
        Tensor mine = Tensors.zeros(1);
        SafetensorsWriter.write(file(), List.of(Item.of("mine", mine)));
        assertThat(mine.isNull()).isFalse();
    }

    @Test
    void failureLeavesNothingBehind() throws IOException {
        Item good = Item.of("good", Tensors.zeros(4));
        Item bad = new Item("bad", StoredType.F32, new long[] {4}, () -> {
            throw new IllegalStateException("no such luck");
        });
        assertThatIllegalStateException().isThrownBy(() -> SafetensorsWriter.write(file(), List.of(good, bad)));
        assertThatIllegalStateException()
                .isThrownBy(() -> SafetensorsWriter.writeFolder(folder, List.of(good, bad), 16));
        assertThat(written()).isEmpty();
        // The second shard's name is taken: the first goes, that one stays.
        Path taken = folder.resolve("model-00002-of-00002.safetensors");
        Files.writeString(taken, "mine");
        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(
                        () -> SafetensorsWriter.writeFolder(folder, List.of(good, Item.of("b", Tensors.zeros(4))), 16))
                .withMessageContaining(taken.toString());
        assertThat(written()).containsExactly(taken);
        assertThat(Files.readString(taken)).isEqualTo("mine");
        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> SafetensorsWriter.write(taken, List.of(good)));
        assertThat(Files.readString(taken)).isEqualTo("mine");
        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> SafetensorsWriter.write(folder.resolve("absent/x"), List.of(good)));
    }

    @Test
    void refusesTensorsThatAreNotWhatTheirItemsSay() throws IOException {
        refused(
                "expected F32 of shape [2] on the CPU, got F32 of shape [1, 2]",
                new Item("w", StoredType.F32, new long[] {2}, () -> Tensors.zeros(1, 2)));
        refused(
                "expected BF16 of shape [2] on the CPU, got F32 of shape [2]",
                new Item("w", StoredType.BF16, new long[] {2}, () -> Tensors.zeros(2)));
        refused(
                "a tensor of Long cannot be stored as a weight; supported: F32, F16, BF16",
                new Item("w", StoredType.F32, new long[] {1}, () -> Tensors.longs(new long[] {1}, 1)));
        refused("'w' is given twice", Item.of("w", half(1)), Item.of("w", half(1)));
        assertThat(written()).isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Item.of("__metadata__", half(1)))
                .withMessageContaining("__metadata__");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Item.of("w", Tensors.longs(new long[] {1}, 1)))
                .withMessageContaining("Long");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Item("w", StoredType.I64, new long[] {1}, () -> half(1)))
                .withMessageContaining("tensor 'w': I64 cannot be written; supported: F32, F16, BF16");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Item("w", StoredType.F32, new long[] {-1}, () -> half(1)))
                .withMessageContaining("tensor 'w' cannot have the shape [-1]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SafetensorsWriter.writeFolder(folder, List.of(), 0))
                .withMessageContaining("shardBytes");
    }

    private void refused(String message, Item... items) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SafetensorsWriter.write(file(), List.of(items)))
                .withMessageContaining(message);
    }

    private static Tensor half(float... values) {
        return Tensors.floats(values, values.length).to(ScalarType.Half);
    }

    private Path file() {
        return folder.resolve("written.safetensors");
    }

    private List<Path> written() throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.sorted().toList();
        }
    }
}
