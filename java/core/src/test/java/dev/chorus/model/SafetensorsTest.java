package dev.chorus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
    @TempDir
    private Path folder;

    @Test
    void readsWhatItWrote() throws IOException {
        Map<String, Safetensors.Values> tensors = new LinkedHashMap<>();
        float[] odd = {1, -0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN, Float.NEGATIVE_INFINITY};
        tensors.put("z.matrix", new Safetensors.Values(new long[] {2, 3}, odd));
        tensors.put("a.scalar", new Safetensors.Values(new long[0], new float[] {7}));
        tensors.put("empty", new Safetensors.Values(new long[] {0, 4}, new float[0]));
        tensors.put("quoted \" name é", new Safetensors.Values(new long[] {1}, new float[] {9}));
        Path file = folder.resolve("model.safetensors");
        Safetensors.write(file, tensors);
        Map<String, Safetensors.Values> read = Safetensors.read(file);
        assertThat(read.keySet()).containsExactlyInAnyOrderElementsOf(tensors.keySet());
        tensors.forEach((name, values) -> {
            assertThat(read.get(name).shape()).containsExactly(values.shape());
            assertThat(bits(read.get(name).values())).containsExactly(bits(values.values()));
        });
        // Data begin at a multiple of eight, as the format's readers expect.
        long header = ByteBuffer.wrap(Files.readAllBytes(file))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
        assertThat(header % 8).isZero();
    }

    @Test
    void emptyTensorMayShareItsOffsetWhateverTheOrder() throws IOException {
        Path file = file(
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                        + "'b':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}}",
                4);
        assertThat(Safetensors.read(file)).containsOnlyKeys("a", "b");
    }

    /** Quotes stand for double quotes; "data" is the number of bytes behind the header. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "truncated data       | {'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 7 | end at byte 8",
                "surplus data         | {'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 9 | end at byte 8",
                "gap before           | {'w':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | tensor 'w'",
                "gap between          | {'v':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'w':{'dtype':'F32','shape':[1],'data_offsets':[8,12]}} | 12 | tensor 'w'",
                "overlap              | {'v':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'w':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | tensor 'w'",
                "same bytes twice     | {'v':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 4 | tensor 'w'",
                "wrong dtype          | {'w':{'dtype':'BF16','shape':[2],'data_offsets':[0,4]}} | 4 | tensor 'w' has dtype `BF16`; supported: F32",
                "no dtype             | {'w':{'shape':[1],'data_offsets':[0,4]}} | 4 | tensor 'w'",
                "shape too small      | {'w':{'dtype':'F32','shape':[1],'data_offsets':[0,8]}} | 8 | tensor 'w'",
                "shape too large      | {'w':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | 8 | tensor 'w'",
                "shape overflows      | {'w':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | 0 | tensor 'w'",
                "bytes overflow       | {'w':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,0]}} | 0 | tensor 'w'",
                "beyond 64 bits       | {'w':{'dtype':'F32','shape':[36893488147419103232],'data_offsets':[0,0]}} | 0 | tensor 'w'",
                "negative size        | {'w':{'dtype':'F32','shape':[-1,-2],'data_offsets':[0,8]}} | 8 | tensor 'w'",
                "fractional size      | {'w':{'dtype':'F32','shape':[2.5],'data_offsets':[0,8]}} | 8 | tensor 'w'",
                "shape is an object   | {'w':{'dtype':'F32','shape':{'x':2},'data_offsets':[0,8]}} | 8 | tensor 'w'",
                "no shape             | {'w':{'dtype':'F32','data_offsets':[0,4]}} | 4 | tensor 'w'",
                "offsets reversed     | {'w':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | 4 | tensor 'w'",
                "negative offset      | {'w':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}} | 4 | tensor 'w'",
                "one offset           | {'w':{'dtype':'F32','shape':[1],'data_offsets':[0]}} | 4 | tensor 'w'",
                "offsets are words    | {'w':{'dtype':'F32','shape':[1],'data_offsets':['0','4']}} | 4 | tensor 'w'",
                "tensor is a number   | {'w':7} | 0 | tensor 'w'",
                "duplicate key        | {'w':{'dtype':'F32','shape':[0],'data_offsets':[0,0]},'w':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}} | 0 | 'w'",
                "header is no object  | [] | 0 | JSON object",
                "words behind         | {} {} | 0 | JSON object",
                "no JSON              | {'w' | 0 | JSON"
            })
    void refuses(String what, String header, int data, String message) throws IOException {
        Path file = file(header, data);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Safetensors.read(file))
                .withMessageContaining("model.safetensors")
                .withMessageContaining(message.replace('`', '"'));
    }

    @ParameterizedTest
    @CsvSource({"0, at least 8", "7, at least 8"})
    void refusesAFileWithoutHeader(int size, String message) throws IOException {
        Path file = Files.write(folder.resolve("model.safetensors"), new byte[size]);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Safetensors.read(file))
                .withMessageContaining("model.safetensors")
                .withMessageContaining(message);
    }

    /** A length from a stranger is checked before anything is allocated. */
    @ParameterizedTest
    @CsvSource({"0", "11", "99999999", "2147483648", "9223372036854775807", "-1"})
    void refusesAHeaderLengthThatCannotBe(long length) throws IOException {
        ByteBuffer bytes =
                ByteBuffer.allocate(18).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        Path file = Files.write(folder.resolve("model.safetensors"), bytes.array());
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Safetensors.read(file))
                .withMessageContaining("model.safetensors")
                .withMessageContaining("the header claims " + length + " bytes, the file has 10");
    }

    @Test
    void absentFileIsNamed() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> Safetensors.read(folder.resolve("absent.safetensors")))
                .withMessageContaining("absent.safetensors");
    }

    private Path file(String header, int dataBytes) throws IOException {
        byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        return Files.write(folder.resolve("model.safetensors"), bytes.array());
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
        return bits;
    }
}
