package dev.chorus.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorStoreTest {
    private static final String INDEX = "model.safetensors.index.json";
    private static final String FIRST = "model-00001-of-00002.safetensors";
    private static final String SECOND = "model-00002-of-00002.safetensors";

    @TempDir
    private Path folder;

    /** Shard 1 holds a and b, shard 2 holds c. */
    @BeforeEach
    void writeShards() throws IOException {
        RawFile.write(
                folder.resolve(FIRST),
                padded("{" + RawFile.tensor("a", StoredType.F32, "[1]", 0, 4) + ","
                        + RawFile.tensor("b", StoredType.F32, "[2]", 4, 12) + "}"),
                RawFile.floats(1, 2, 3));
        RawFile.write(
                folder.resolve(SECOND),
                padded("{" + RawFile.tensor("c", StoredType.BF16, "[1,1]", 0, 2) + "}"),
                RawFile.shorts((short) 0x4080));
        index("{'metadata':{'total_size':999},'weight_map':{'c':'%2','b':'%1','a':'%1'}}");
    }

    @Test
    void findsEveryTensorInItsShard() {
        try (TensorStore store = TensorStore.open(folder);
                Scope scope = new Scope()) {
            assertThat(store.source()).isEqualTo(folder.resolve(INDEX));
            assertThat(store.names()).containsExactlyInAnyOrder("a", "b", "c");
            assertThat(store.bytes()).isEqualTo(14);
            assertThat(store.fileOf("b")).isEqualTo(folder.resolve(FIRST));
            assertThat(store.fileOf("c")).isEqualTo(folder.resolve(SECOND));
            assertThat(store.entry("c").type()).isEqualTo(StoredType.BF16);
            assertThat(Tensors.toFloats(store.mapped("b"))).containsExactly(2, 3);
            Tensor into = Tensors.zeros(1, 1);
            store.readInto("c", into);
            assertThat(Tensors.toFloats(into)).containsExactly(4);
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> store.entry("d"))
                    .withMessage(folder.resolve(INDEX) + ": has no tensor 'd' among its 3");
        }
    }

    @Test
    void singleFileWins() throws IOException {
        Path single = RawFile.write(
                folder.resolve("model.safetensors"),
                padded("{" + RawFile.tensor("x", StoredType.F32, "[1]", 0, 4) + "}"),
                RawFile.floats(8));
        Files.writeString(folder.resolve(INDEX), "not read");
        try (TensorStore store = TensorStore.open(folder)) {
            assertThat(store.source()).isEqualTo(single);
            assertThat(store.names()).containsExactly("x");
            assertThat(store.fileOf("x")).isEqualTo(single);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "no map            | {'metadata':{}} | the index has no weight_map, or an empty one",
                "empty map         | {'weight_map':{}} | the index has no weight_map, or an empty one",
                "map is a list     | {'weight_map':['a']} | 'weight_map' is [, expected an object of words",
                "shard is a number | {'weight_map':{'a':1}} | 'a' in 'weight_map' is 1, expected a word",
                "tensor twice      | {'weight_map':{'a':'%1','b':'%1','c':'%2','a':'%2'}} | Duplicate field 'a'",
                "no object         | [] | it begins with [",
                "more behind       | {'weight_map':{'a':'%1','b':'%1','c':'%2'}} {} | there is more behind its end",
                "absent shard      | {'weight_map':{'a':'%1','b':'%1','c':'model-3.safetensors'}} | names 'model-3.safetensors', which is not in the folder",
                "wrong shard       | {'weight_map':{'a':'%1','b':'%2','c':'%2'}} | tensor 'b' is said to be in '%2', which does not hold it",
                "unknown tensor    | {'weight_map':{'a':'%1','b':'%1','c':'%2','d':'%2'}} | tensor 'd' is said to be in '%2', which does not hold it",
                "unnamed tensor    | {'weight_map':{'a':'%1','c':'%2'}} | %1: holds tensor 'b', which model.safetensors.index.json does not name",
                "parent            | {'weight_map':{'a':'../%1'}} | 'a' is said to be in '../%1', expected the name of a .safetensors file",
                "folder below      | {'weight_map':{'a':'x/%1'}} | 'x/%1', expected the name of a .safetensors file",
                "absolute          | {'weight_map':{'a':'/%1'}} | '/%1', expected the name of a .safetensors file",
                "backslash         | {'weight_map':{'a':'..\\\\%1'}} | '..\\%1', expected the name of a .safetensors file",
                "drive             | {'weight_map':{'a':'c:%1'}} | 'c:%1', expected the name of a .safetensors file",
                "zero byte         | {'weight_map':{'a':'x\\u0000.safetensors'}} | expected the name of a .safetensors file",
                "no name           | {'weight_map':{'a':''}} | '', expected the name of a .safetensors file",
                "dots              | {'weight_map':{'a':'..'}} | '..', expected the name of a .safetensors file",
                "pickle            | {'weight_map':{'a':'pytorch_model.bin'}} | 'pytorch_model.bin', expected the name of a .safetensors file"
            })
    void refusesAnIndex(String what, String index, String message) throws IOException {
        index(index);
        refused(message.replace("%1", FIRST).replace("%2", SECOND));
    }

    @Test
    void refusesATensorThatTwoShardsHold() throws IOException {
        RawFile.write(
                folder.resolve(SECOND),
                padded("{" + RawFile.tensor("c", StoredType.BF16, "[1]", 0, 2) + ","
                        + RawFile.tensor("a", StoredType.BF16, "[1]", 2, 4) + "}"),
                new byte[4]);
        refused(SECOND + ": holds tensor 'a', which " + INDEX + " says is in '" + FIRST + "'");
    }

    @Test
    void refusesABrokenShard() throws IOException {
        Files.write(folder.resolve(SECOND), new byte[4]);
        refused(SECOND + ": has 4 bytes, a safetensors file has at least 8");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pytorch_model.bin",
                "pytorch_model.bin.index.json",
                "pytorch_model-00001-of-00002.bin",
                "consolidated.00.pth",
                "model.pt"
            })
    void refusesPickles(String name) throws IOException {
        clear();
        Files.write(folder.resolve(name), new byte[4]);
        refused("has its weights in '" + name + "', a pickle, which can run any code when it is opened");
        refused("python3 -c \"import sys; from transformers import AutoModelForCausalLM as M; "
                + "M.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])\" '" + folder + "' '" + folder
                + "-safetensors'");
    }

    @Test
    void aPickleBesideSafetensorsIsLeftAlone() throws IOException {
        Files.write(folder.resolve("pytorch_model.bin"), new byte[4]);
        TensorStore.open(folder).close();
    }

    @Test
    void saysWhatItLookedFor() throws IOException {
        Files.delete(folder.resolve(INDEX));
        refused("has no weights: looked for model.safetensors and model.safetensors.index.json; there are [" + FIRST
                + ", " + SECOND + "] without an index");
        clear();
        Files.writeString(folder.resolve("config.json"), "{}");
        refused("has no weights: looked for model.safetensors and model.safetensors.index.json");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TensorStore.open(folder.resolve("absent")))
                .withMessage(folder.resolve("absent") + ": is no folder");
    }

    private void index(String json) throws IOException {
        Files.writeString(
                folder.resolve(INDEX),
                json.replace('\'', '"').replace("%1", FIRST).replace("%2", SECOND));
    }

    private void clear() throws IOException {
        for (String name : new String[] {INDEX, FIRST, SECOND}) {
            Files.deleteIfExists(folder.resolve(name));
        }
    }

    private void refused(String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TensorStore.open(folder))
                .withMessageStartingWith(folder.toString())
                .withMessageContaining(message);
    }

    private static String padded(String header) {
        return header + " ".repeat(8 - header.length() % 8);
    }
}
