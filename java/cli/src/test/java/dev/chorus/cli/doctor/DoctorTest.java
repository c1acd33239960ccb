package dev.chorus.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.cli.doctor.Finding.State;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DoctorTest {
    private static final double GIB = 1024.0 * 1024 * 1024;
    private static final Shell NOTHING = command -> Optional.empty();

    @Test
    void readsCoresAndInstructionsOfTwoSockets() {
        CpuInfo cpu = CpuInfo.parse(List.of(
                "model name\t: Some   CPU @ 2.0GHz",
                "physical id\t: 0",
                "core id\t: 0",
                "flags\t: fma avx2 avx512f avx512bw avx512dq avx512vl amx_tile",
                "",
                "physical id\t: 1",
                "core id\t: 0"));
        assertThat(cpu.model()).isEqualTo("Some CPU @ 2.0GHz");
        assertThat(cpu.cores()).isEqualTo(2);
        assertThat(cpu.instructionSets()).containsExactly("AVX2", "AVX-512");
        assertThat(Machine.processor(cpu, 4).text())
                .isEqualTo("Some CPU @ 2.0GHz, 2 cores, 4 threads for this process");
    }

    @Test
    void machineWithoutCpuinfoHasABaseline() {
        CpuInfo cpu = CpuInfo.read(Path.of("no-such-file"));
        assertThat(Machine.instructionSets(cpu).text()).startsWith("baseline");
        assertThat(Machine.processor(cpu, 1).text()).endsWith("1 thread for this process");
    }

    @Test
    void newerJavaRunsButNeedsSeventeenToBuild() {
        assertThat(Machine.java(17, "17.0.1").cure()).isEmpty();
        Finding newer = Machine.java(21, "21.0.1");
        assertThat(newer.state()).isEqualTo(State.OK);
        assertThat(newer.cure()).contains("JDK 17", "JAVA_HOME");
    }

    @Test
    void littleMemoryWarnsAndAFullDiskStops() {
        assertThat(Machine.memory(8 * GIB, 6 * GIB, GIB).line(8))
                .isEqualTo("ok  Memory    8.0 GiB, 6.0 GiB free, Java heap up to 1.0 GiB");
        assertThat(Machine.memory(8 * GIB, 2 * GIB, GIB).state()).isEqualTo(State.ABSENT);
        assertThat(Machine.disk(Path.of("/data"), 0.1 * GIB).state()).isEqualTo(State.MISSING);
        assertThat(Machine.disk(Path.of("/data"), 0.1 * GIB).cure()).contains("--out");
    }

    @Test
    void everyMissingToolComesWithItsCure() {
        Tools tools = new Tools(NOTHING, Map.of());
        assertThat(List.of(tools.cmake(), tools.compiler(), tools.maven(), tools.nvcc()))
                .allSatisfy(finding -> {
                    assertThat(finding.state()).isEqualTo(State.ABSENT);
                    assertThat(finding.cure()).isNotEmpty();
                });
        assertThat(tools.gpu().line(3)).isEqualTo("ok  GPU  none; everything runs on the processor");
    }

    @Test
    void toolsShowTheirVersion() {
        Shell shell = command -> switch (command[0]) {
            case "mvn" -> Optional.of("\u001b[1mApache Maven 3.9.1\u001b[m\nMaven home: x");
            case "clang++" -> Optional.of("clang version 19");
            case "nvidia-smi" -> Optional.of("NVIDIA X, 580.1, 100 MiB\nNVIDIA X, 580.1, 100 MiB");
            case "/opt/cuda/bin/nvcc" -> Optional.of("nvcc: NVIDIA\nCuda compilation tools, release 13.0, V13");
            default -> Optional.empty();
        };
        Tools tools = new Tools(shell, Map.of("CUDA_HOME", "/opt/cuda"));
        assertThat(tools.maven().text()).isEqualTo("Apache Maven 3.9.1");
        assertThat(tools.compiler().text()).isEqualTo("clang version 19");
        assertThat(tools.nvcc().text()).isEqualTo("Cuda compilation tools, release 13.0, V13");
        assertThat(tools.gpu().text()).isEqualTo("NVIDIA X, driver 580.1, 100 MiB; NVIDIA X, driver 580.1, 100 MiB");
    }

    @Test
    void shellSurvivesProgramsThatFailOrAreNotThere() {
        assertThat(Shell.SYSTEM.ask("no-such-program-at-all")).isEmpty();
        assertThat(Shell.SYSTEM.ask("sh", "-c", "echo hello")).contains("hello");
        assertThat(Shell.SYSTEM.ask("sh", "-c", "exit 3")).isEmpty();
    }

    @Test
    void blasIsWhatIsLoaded() {
        String config = "  - Build settings: BLAS_INFO=open, TORCH_VERSION=2.10.0, USE_CUDA=0";
        String jar = "/h/.javacpp/cache/openblas-0.3.31-1.5.13-linux-x86_64.jar/";
        assertThat(NativeLibraries.blas(config, List.of(jar + "libopenblas.so.0", "/lib/libc.so"))
                        .text())
                .isEqualTo("OpenBLAS 0.3.31 (libopenblas.so.0)");
        assertThat(NativeLibraries.blas(config, List.of("/m/libmkl_rt.so.2")).text())
                .isEqualTo("MKL (libmkl_rt.so.2)");
        assertThat(NativeLibraries.blas(config, List.of()).text()).endsWith("BLAS_INFO=open");
        assertThat(NativeLibraries.libTorch(() -> config, () -> "AVX2").text())
                .isEqualTo("2.10.0, CPU capability AVX2");
    }

    @Test
    void spinningThreadsAreNamedWithTheCure() {
        assertThat(NativeLibraries.openMp("OpenMP 4.5", 2, Map.of()).cure()).contains("GOMP_SPINCOUNT=0");
        assertThat(NativeLibraries.openMp("OpenMP 4.5", 2, Map.of("OMP_WAIT_POLICY", "PASSIVE"))
                        .state())
                .isEqualTo(State.OK);
        assertThat(NativeLibraries.openMp("OpenMP 4.5", 1, Map.of("GOMP_SPINCOUNT", "0", "HOME", "/h"))
                        .text())
                .isEqualTo("OpenMP 4.5, 1 thread, GOMP_SPINCOUNT=0");
    }

    @Test
    void aLibraryThatDoesNotLoadEndsInStatusOne() {
        Check broken = () -> NativeLibraries.kernels(() -> {
            throw new UnsatisfiedLinkError("libchorus.so: cannot open\nmore");
        });
        Check absent = () -> Finding.absent("nvcc", "not found", "get it");
        StringWriter out = new StringWriter();
        assertThat(DoctorCommand.report(List.of(absent, broken), new PrintWriter(out)))
                .isEqualTo(1);
        assertThat(out.toString().lines())
                .containsExactly(
                        "--  nvcc          not found; get it",
                        "!!  Kernels       libchorus does not load (libchorus.so: cannot open); build it: mvn -DskipTests package",
                        "missing: Kernels");
    }

    @Test
    void whatIsOnlyAbsentDoesNotStopARun() {
        StringWriter out = new StringWriter();
        assertThat(DoctorCommand.report(List.of(() -> Finding.absent("nvcc", "no", "get it")), new PrintWriter(out)))
                .isZero();
        assertThat(out.toString().lines()).last().isEqualTo("ready");
    }
}
