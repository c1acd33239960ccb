package dev.chorus.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.cli.doctor.Finding.State;
import dev.chorus.kernels.CudaLibrary.Gpu;
import dev.chorus.kernels.CudaLibrary.Look;
import dev.chorus.torch.LibTorchJars;
import java.util.List;
import org.junit.jupiter.api.Test;

class CudaTest {
    private static final LibTorchJars FOR_CPUS = new LibTorchJars(List.of("pytorch.jar"), List.of());
    private static final LibTorchJars FOR_GPUS = new LibTorchJars(List.of(), List.of("pytorch-gpu.jar"));
    private static final Gpu GPU = new Gpu("NVIDIA H200", 90, 132, 141L << 30, 60 << 20);

    @Test
    void aGpuWithEverything_isNamedWithItsNumbers_AndServesTheOps() {
        Cuda cuda = new Cuda(() -> new Look(true, 13000, 13000, List.of(GPU), null), FOR_GPUS, () -> null);
        assertThat(cuda.kernels().state()).isEqualTo(State.OK);
        assertThat(cuda.kernels().text())
                .isEqualTo(
                        "libchorus_cuda loads, runtime 13.0, driver for CUDA 13.0; NVIDIA H200, compute capability 9.0, "
                                + "132 multiprocessors, 141 GiB");
        assertThat(cuda.libTorch().text()).contains("pytorch-gpu.jar");
        assertThat(cuda.servedBy().text()).contains("libchorus_cuda for tensors on a GPU");
    }

    @Test
    void aGpuWithoutItsLibTorch_comesWithTheCure() {
        Cuda cuda = new Cuda(
                () -> new Look(true, 13000, 13000, List.of(GPU), null), FOR_CPUS, () -> "build with mvn -Pgpu");
        assertThat(cuda.libTorch().state()).isEqualTo(State.ABSENT);
        assertThat(cuda.libTorch().cure()).contains("mvn -Pgpu");
        assertThat(cuda.servedBy().text()).doesNotContain("libchorus_cuda");
    }

    @Test
    void aLibTorchForGpusThatFindsNone_comesWithTheCure() {
        Cuda cuda = new Cuda(
                () -> new Look(true, 13000, 13000, List.of(GPU), null),
                FOR_GPUS,
                () -> "cuDNN 9 is not there; mvn -Pgpu,gpu-redist");
        assertThat(cuda.libTorch().state()).isEqualTo(State.ABSENT);
        assertThat(cuda.libTorch().cure()).contains("cuDNN 9", "gpu-redist");
        assertThat(cuda.servedBy().text()).endsWith("libchorus (the processor)");
    }

    @Test
    void whatIsMissing_isSaidWithItsCure() {
        Finding unbuilt = new Cuda(
                        () -> new Look(false, 0, 0, List.of(), "no kernels; build with nvcc"),
                        FOR_CPUS,
                        () -> "build with mvn -Pgpu")
                .kernels();
        assertThat(unbuilt.state()).isEqualTo(State.ABSENT);
        assertThat(unbuilt.cure()).isEqualTo("no kernels; build with nvcc");
        Finding undriven = new Cuda(
                        () -> new Look(true, 0, 13000, List.of(), "install its driver"),
                        FOR_CPUS,
                        () -> "build with mvn -Pgpu")
                .kernels();
        assertThat(undriven.line(4)).isEqualTo("--  CUDA  libchorus_cuda loads, runtime 13.0; install its driver");
    }
}
