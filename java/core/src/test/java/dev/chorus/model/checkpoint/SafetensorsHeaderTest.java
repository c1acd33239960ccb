package dev.chorus.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsHeaderTest {
    private static final String W = "{'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}";

    @TempDir
    private Path folder;

    @Test
    void readsWhatAFileSaysOfItself() throws IOException {
        String header = "{"
                + RawFile.tensor("zwei", StoredType.BF16, "[1,2]", 4, 8) + ","
                + "'__metadata__':{'format':'pt','größe':'权重 😀'},"
                + RawFile.tensor("größe.权重.😀.\\u00e9\\n\\\\", StoredType.F32, "[]", 0, 4) + ","
                + RawFile.tensor("none", StoredType.F16, "[3,0,2]", 8, 8) + "}   ";
        try (SafetensorsFile file = open(header, 8)) {
            assertThat(file.entries().keySet()).containsExactly("größe.权重.😀.é\n\\", "zwei", "none");
            assertThat(file.metadata()).containsExactly(Map.entry("format", "pt"), Map.entry("größe", "权重 😀"));
            int start = 8 + header.getBytes(StandardCharsets.UTF_8).length;
            SafetensorsEntry zwei = file.entry("zwei");
            assertThat(zwei.name()).isEqualTo("zwei");
            assertThat(zwei.type()).isEqualTo(StoredType.BF16);
            assertThat(zwei.shape()).containsExactly(1, 2);
            assertThat(zwei.offset()).isEqualTo(start + 4L);
            assertThat(zwei.bytes()).isEqualTo(4);
            assertThat(zwei.elements()).isEqualTo(2);
            assertThat(file.entry("none").elements()).isZero();
            assertThat(file.entry("größe.权重.😀.é\n\\").elements()).isEqualTo(1);
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> file.entry("drei"))
                    .withMessageContaining("raw.safetensors")
                    .withMessageContaining("no tensor 'drei' among its 3");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "no tensors        | {} | 0",
                "newline behind    | `{'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}\n\t ` | 4",
                "unknown field     | {'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':{'y':[1,{}]}}} | 4",
                "fields turned     | {'w':{'data_offsets':[0,4],'shape':[1],'dtype':'F32'}} | 4",
                "empty metadata    | {'__metadata__':{},'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 4",
                "empty shares      | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'b':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}} | 4",
                "packed            | {'w':{'dtype':'F4','shape':[2,3],'data_offsets':[0,3]}} | 3"
            })
    void accepts(String what, String header, int data) throws IOException {
        open(header, data).close();
    }

    /** Quotes stand for double quotes; "data" is the number of bytes behind the header. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "truncated data       | {'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 7 | tensor 'w' lies at bytes 0 to 8 of the data, the file has 7",
                "surplus data         | {'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 9 | the tensors end at byte 8 of the data, the file has 9",
                "data without tensors | {} | 1 | the tensors end at byte 0 of the data, the file has 1",
                "gap before           | {'w':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | tensor 'w' starts at byte 4 of the data, expected 0: tensors leave a gap",
                "gap between          | {'v':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'w':{'dtype':'F32','shape':[1],'data_offsets':[8,12]}} | 12 | tensor 'w' starts at byte 8 of the data, expected 4: tensors leave a gap",
                "empty in a gap       | {'v':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'w':{'dtype':'F32','shape':[0],'data_offsets':[6,6]}} | 6 | tensor 'w' starts at byte 6 of the data, expected 4: tensors leave a gap",
                "empty inside another | {'v':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'w':{'dtype':'F32','shape':[0],'data_offsets':[2,2]}} | 4 | tensor 'w' starts at byte 2 of the data, expected 4: tensors overlap",
                "overlap              | {'v':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'w':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | tensor 'w' starts at byte 4 of the data, expected 8: tensors overlap",
                "same bytes twice     | {'v':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 4 | tensor 'w' starts at byte 0 of the data, expected 4: tensors overlap",
                "unknown dtype        | {'w':{'dtype':'F128','shape':[1],'data_offsets':[0,16]}} | 16 | tensor 'w' has the unknown dtype 'F128'; known: [F32, F16, BF16,",
                "lower-case dtype     | {'w':{'dtype':'f32','shape':[1],'data_offsets':[0,4]}} | 4 | tensor 'w' has the unknown dtype 'f32'",
                "dtype is a number    | {'w':{'dtype':32,'shape':[1],'data_offsets':[0,4]}} | 4 | tensor 'w' has the unknown dtype '32'",
                "no dtype             | {'w':{'shape':[1],'data_offsets':[0,4]}} | 4 | tensor 'w' needs a dtype, a shape and two data_offsets",
                "no shape             | {'w':{'dtype':'F32','data_offsets':[0,4]}} | 4 | tensor 'w' needs a dtype, a shape and two data_offsets",
                "no offsets           | {'w':{'dtype':'F32','shape':[1]}} | 4 | tensor 'w' needs a dtype, a shape and two data_offsets",
                "one offset           | {'w':{'dtype':'F32','shape':[1],'data_offsets':[0]}} | 4 | tensor 'w' needs a dtype, a shape and two data_offsets",
                "three offsets        | {'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4,4]}} | 4 | tensor 'w' has data_offsets of more than 2 numbers",
                "shape too small      | {'w':{'dtype':'F32','shape':[1],'data_offsets':[0,8]}} | 8 | tensor 'w' is F32 of shape [1], 4 bytes, but lies at bytes 0 to 8",
                "shape too large      | {'w':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | 8 | tensor 'w' is F32 of shape [3], 12 bytes, but lies at bytes 0 to 8",
                "narrower dtype       | {'w':{'dtype':'BF16','shape':[2],'data_offsets':[0,8]}} | 8 | tensor 'w' is BF16 of shape [2], 4 bytes, but lies at bytes 0 to 8",
                "half a byte          | {'w':{'dtype':'F4','shape':[3],'data_offsets':[0,2]}} | 2 | tensor 'w' is F4 of shape [3], which is no whole number of bytes",
                "shape overflows      | {'w':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | 0 | tensor 'w' is F32 of shape [4294967296, 4294967296], which is no whole number of bytes below 2^60",
                "overflow behind zero | {'w':{'dtype':'F32','shape':[0,4294967296,4294967296],'data_offsets':[0,0]}} | 0 | tensor 'w' is F32 of shape [0, 4294967296, 4294967296], which is no",
                "bytes overflow       | {'w':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,0]}} | 0 | tensor 'w' is F32 of shape [4611686018427387904], which is no",
                "beyond 64 bits       | {'w':{'dtype':'F32','shape':[36893488147419103232],'data_offsets':[0,0]}} | 0 | tensor 'w' has a shape that holds 36893488147419103232, expected whole numbers from 0",
                "unsigned 64 bits     | {'w':{'dtype':'F32','shape':[1],'data_offsets':[0,18446744073709551615]}} | 4 | tensor 'w' has data_offsets that holds 18446744073709551615, expected whole numbers",
                "negative size        | {'w':{'dtype':'F32','shape':[-1,-2],'data_offsets':[0,8]}} | 8 | tensor 'w' has a shape that holds -1, expected whole numbers",
                "fractional size      | {'w':{'dtype':'F32','shape':[2.5],'data_offsets':[0,8]}} | 8 | tensor 'w' has a shape that holds 2.5, expected whole numbers",
                "whole fraction       | {'w':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}} | 8 | tensor 'w' has a shape that holds 2.0, expected whole numbers",
                "exponent             | {'w':{'dtype':'F32','shape':[2e0],'data_offsets':[0,8]}} | 8 | tensor 'w' has a shape that holds 2e0, expected whole numbers",
                "size is a word       | {'w':{'dtype':'F32','shape':['2'],'data_offsets':[0,8]}} | 8 | tensor 'w' has a shape that holds 2, expected whole numbers",
                "size is null         | {'w':{'dtype':'F32','shape':[null],'data_offsets':[0,8]}} | 8 | tensor 'w' has a shape that holds null, expected whole numbers",
                "size is a list       | {'w':{'dtype':'F32','shape':[[2]],'data_offsets':[0,8]}} | 8 | tensor 'w' has a shape that holds [, expected whole numbers",
                "size is NaN          | {'w':{'dtype':'F32','shape':[NaN],'data_offsets':[0,8]}} | 8 | the header is no JSON object in UTF-8",
                "size is hexadecimal  | {'w':{'dtype':'F32','shape':[0x2],'data_offsets':[0,8]}} | 8 | the header is no JSON object in UTF-8",
                "shape is an object   | {'w':{'dtype':'F32','shape':{'x':2},'data_offsets':[0,8]}} | 8 | tensor 'w' has a shape of {, expected a list",
                "offsets reversed     | {'w':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | 4 | tensor 'w' lies at bytes 4 to 0 of the data, the file has 4",
                "negative offset      | {'w':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}} | 4 | tensor 'w' has data_offsets that holds -4",
                "offsets far away     | {'w':{'dtype':'F32','shape':[0],'data_offsets':[9223372036854775807,9223372036854775807]}} | 0 | tensor 'w' lies at bytes 9223372036854775807 to 9223372036854775807",
                "offsets are words    | {'w':{'dtype':'F32','shape':[1],'data_offsets':['0','4']}} | 4 | tensor 'w' has data_offsets that holds 0, expected",
                "tensor is a number   | {'w':7} | 0 | tensor 'w' is 7, expected an object",
                "tensor twice         | {'w':{'dtype':'F32','shape':[0],'data_offsets':[0,0]},'w':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}} | 0 | Duplicate field 'w'",
                "twice, once escaped  | {'w':{'dtype':'F32','shape':[0],'data_offsets':[0,0]},'\\u0077':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}} | 0 | Duplicate field 'w'",
                "dtype twice          | {'w':{'dtype':'F32','dtype':'F32','shape':[0],'data_offsets':[0,0]}} | 0 | Duplicate field 'dtype'",
                "metadata twice       | {'__metadata__':{},'__metadata__':{}} | 0 | Duplicate field '__metadata__'",
                "key of metadata twice| {'__metadata__':{'a':'','a':''}} | 0 | Duplicate field 'a'",
                "twice where ignored  | {'w':{'dtype':'F32','shape':[0],'data_offsets':[0,0],'x':[{'y':1,'y':1}]}} | 0 | Duplicate field 'y'",
                "metadata is a word   | {'__metadata__':'pt'} | 0 | '__metadata__' is pt, expected an object of words",
                "metadata is null     | {'__metadata__':null} | 0 | '__metadata__' is null, expected an object of words",
                "metadata of numbers  | {'__metadata__':{'format':1}} | 0 | 'format' in '__metadata__' is 1, expected a word",
                "metadata nested      | {'__metadata__':{'format':{}}} | 0 | 'format' in '__metadata__' is {, expected a word",
                "header is a list     | [] | 0 | it does not begin with '{'",
                "header is a word     | 'word' | 0 | it does not begin with '{'",
                "space before         | ` {}` | 0 | it does not begin with '{'",
                "more behind          | {} {} | 0 | there is more behind its end: {",
                "words behind         | {} x | 0 | the header is no JSON object in UTF-8",
                "comment              | {/**/} | 0 | the header is no JSON object in UTF-8",
                "comma behind         | {'__metadata__':{},} | 0 | the header is no JSON object in UTF-8",
                "open                 | {'w' | 0 | the header is no JSON object in UTF-8",
                "open list            | {'w':{'shape':[1 | 0 | the header is no JSON object in UTF-8"
            })
    void refuses(String what, String header, int data, String message) throws IOException {
        refused(RawFile.write(raw(), header, new byte[data]), message);
    }

    static Stream<Arguments> brokenText() {
        return Stream.of(
                Arguments.of("cut sequence", bytes('{', '"', 0xc3, '"', ':', '{', '}', '}')),
                Arguments.of("overlong slash", bytes('{', '"', 0xc0, 0xaf, '"', ':', '{', '}', '}')),
                Arguments.of("surrogate", bytes('{', '"', 0xed, 0xa0, 0x80, '"', ':', '{', '}', '}')),
                Arguments.of("lone continuation", bytes('{', '"', 0x80, '"', ':', '{', '}', '}')),
                Arguments.of("UTF-16", "{}".getBytes(StandardCharsets.UTF_16LE)),
                Arguments.of("zero behind", bytes('{', '}', 0)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenText")
    void refusesWhatIsNotUtf8(String what, byte[] header) throws IOException {
        refused(RawFile.write(raw(), header, new byte[0]), "the header is no JSON object in UTF-8");
    }

    @Test
    void refusesDeepNestingAndManyAxes() throws IOException {
        refused(
                RawFile.write(raw(), "{'w':{'x':" + "[".repeat(100_000), new byte[0]),
                "the header is no JSON object in UTF-8");
        refused(
                RawFile.write(raw(), W.replace("[1]", "[" + "1,".repeat(64) + "1]") + "}", new byte[4]),
                "tensor 'w' has a shape of more than 64 numbers");
        RawFile.write(raw(), W.replace("[1]", "[" + "1,".repeat(63) + "1]") + "}", new byte[4]);
        SafetensorsFile.open(raw()).close();
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "7"})
    void refusesAFileWithoutALength(int size) throws IOException {
        refused(Files.write(raw(), new byte[size]), "has " + size + " bytes, a safetensors file has at least 8");
    }

    /** A length from a stranger is checked before anything is allocated. */
    @ParameterizedTest
    @CsvSource({
        "11, 11",
        "99999999, 99999999",
        "2147483648, 2147483648",
        "9223372036854775807, 9223372036854775807",
        "-9223372036854775808, 9223372036854775808",
        "-1, 18446744073709551615"
    })
    void refusesAHeaderBeyondTheEnd(long length, String claimed) throws IOException {
        byte[] bytes = new byte[18];
        RawFile.little(bytes).putLong(length);
        Path file = Files.write(raw(), bytes);
        refused(file, "the header claims " + claimed + " bytes, the file has 10 behind the length");
    }

    @Test
    void refusesAnEmptyHeader() throws IOException {
        refused(RawFile.write(raw(), "", new byte[] {'{', '}'}), "it does not begin with '{'");
    }

    /** The file is long enough, being a hole. */
    @Test
    void refusesAHeaderBeyondTheCap() throws IOException {
        try (FileChannel channel = FileChannel.open(raw(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(RawFile.little(new byte[8]).putLong(100_000_001).flip());
            channel.write(ByteBuffer.allocate(1), 200_000_000);
        }
        refused(raw(), "the header claims 100000001 bytes, at most 100000000 are allowed");
    }

    @Test
    void absentFilesAndFoldersAreNamed() {
        refused(raw(), "is not there");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafetensorsFile.open(folder))
                .withMessageContaining(folder.toString())
                .withMessageContaining("is a directory, expected a regular file");
    }

    /** Every type of the format is checked by its size; four are weights. */
    @ParameterizedTest
    @EnumSource(StoredType.class)
    void knowsEverySize(StoredType type) throws IOException {
        int bytes = type.bits();
        String header = "{" + RawFile.tensor("mask", type, "[2,4]", 0, bytes) + "}";
        try (SafetensorsFile file = open(header, bytes)) {
            assertThat(file.entry("mask").bytes()).isEqualTo(bytes);
            if (!type.isWeight()) {
                assertThatExceptionOfType(CheckpointException.class)
                        .isThrownBy(() -> file.mapped("mask"))
                        .withMessageContaining("raw.safetensors")
                        .withMessageContaining("tensor 'mask' has dtype " + type
                                + ", which is no weight's; supported: F32, F16, BF16");
            }
        }
        refused(
                RawFile.write(
                        raw(), "{" + RawFile.tensor("mask", type, "[2,4]", 0, bytes + 1) + "}", new byte[bytes + 1]),
                "tensor 'mask' is " + type + " of shape [2, 4], " + bytes + " bytes");
    }

    private SafetensorsFile open(String header, int data) throws IOException {
        return SafetensorsFile.open(RawFile.write(raw(), header, new byte[data]));
    }

    private Path raw() {
        return folder.resolve("raw.safetensors");
    }

    private static void refused(Path file, String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> SafetensorsFile.open(file))
                .withMessageStartingWith(file + ": ")
                .withMessageContaining(message);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
