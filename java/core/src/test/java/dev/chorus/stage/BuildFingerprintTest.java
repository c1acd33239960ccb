package dev.chorus.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chorus.kernels.Instructions;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildFingerprintTest {
    private static final Arithmetic HERE =
            new Arithmetic("x86", "avx2", "AVX2", Map.of("pytorch", "1", "openblas", "2"));

    @TempDir
    private Path root;

    @Test
    void everyPartOfTheEngineDecides() throws IOException {
        Set<String> hashes = new HashSet<>();
        hashes.add(BuildFingerprint.hash(root, HERE));
        for (String file :
                List.of("a/A.class", "a/B.class", "libchorus.so", "libchorus_cuda.so", "b/libchorus_cuda.dylib")) {
            Files.createDirectories(root.resolve(file).getParent());
            Files.writeString(root.resolve(file), "x");
            assertThat(hashes.add(BuildFingerprint.hash(root, HERE))).as(file).isTrue();
            Files.writeString(root.resolve(file), "y");
            assertThat(hashes.add(BuildFingerprint.hash(root, HERE))).as(file).isTrue();
        }
        Files.move(root.resolve("a/B.class"), root.resolve("a/C.class"));
        assertThat(hashes.add(BuildFingerprint.hash(root, HERE))).isTrue();
        // What is hashed where it is used.
        Files.writeString(root.resolve("a/pool.jsonl"), "x");
        assertThat(hashes.add(BuildFingerprint.hash(root, HERE))).isFalse();
    }

    @Test
    void whatTheMachineAndTheLibrariesDecideIsInIt() throws IOException {
        Set<String> hashes = new HashSet<>();
        for (Arithmetic each : List.of(
                HERE,
                new Arithmetic("arm", "avx2", "AVX2", HERE.dependencies()),
                new Arithmetic("x86", "baseline", "AVX2", HERE.dependencies()),
                new Arithmetic("x86", "avx2", "DEFAULT", HERE.dependencies()),
                new Arithmetic("x86", "avx2", "AVX2", Map.of("pytorch", "1", "openblas", "3")))) {
            assertThat(hashes.add(BuildFingerprint.hash(root, each)))
                    .as(each.toString())
                    .isTrue();
        }
        assertThat(hashes.add(BuildFingerprint.hash(
                        root,
                        new Arithmetic(
                                "x86",
                                "avx2",
                                "AVX2",
                                new java.util.TreeMap<>(Map.of("openblas", "2", "pytorch", "1"))))))
                .isFalse();
    }

    @Test
    void thisMachineIsKnown() {
        Arithmetic here = Arithmetic.here();
        assertThat(here.kernels()).isEqualTo(Instructions.current());
        assertThat(here.libTorch()).isNotBlank();
        assertThat(here.processor()).startsWith(System.getProperty("os.arch"));
        assertThat(here.dependencies()).containsKeys("javacpp", "openblas", "pytorch", "tokenizers");
        assertThat(here.dependencies().get("pytorch")).startsWith(LibTorch.version());
    }

    @Test
    void aProcessorIsItsKindAndTheSetsThatLoopsAreWrittenFor() {
        List<String> cpuinfo = List.of(
                "processor\t: 0",
                "vendor_id\t: GenuineIntel",
                "cpu family\t: 6",
                "model\t\t: 143",
                "cpu MHz\t\t: 2100.000",
                "flags\t\t: fpu avx2 sse4_1 avx512f amx_bf16 hypervisor",
                "",
                "processor\t: 1",
                "vendor_id\t: GenuineIntel");
        assertThat(Arithmetic.processor(cpuinfo))
                .isEqualTo(System.getProperty("os.arch")
                        + ", vendor_id GenuineIntel, cpu family 6, model 143, amx_bf16 avx2 avx512f sse4_1");
        assertThat(Arithmetic.processor(List.of())).isEqualTo(System.getProperty("os.arch"));
    }

    /** In another process, since the choice is made once in each. */
    @Test
    void anotherInstructionSetIsAnotherFingerprint() throws Exception {
        assumeTrue(!Instructions.current().equals("baseline"), "this machine has one instruction set only");
        String here = BuildFingerprint.current().hash();
        assertThat(fingerprint(Map.of())).isEqualTo(here);
        assertThat(fingerprint(Map.of("CHORUS_ISA", "baseline"))).hasSize(64).isNotEqualTo(here);
    }

    private static String fingerprint(Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Print.class.getName());
        builder.environment().putAll(environment);
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return printed.lines().reduce((first, second) -> second).orElse("");
    }

    /** Prints the fingerprint. */
    static final class Print {
        private Print() {}

        public static void main(String[] args) {
            System.out.println(BuildFingerprint.current().hash());
        }
    }
}
