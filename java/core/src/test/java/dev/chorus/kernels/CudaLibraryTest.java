package dev.chorus.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chorus.kernels.CudaLibrary.Look;
import dev.chorus.torch.Scope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class CudaLibraryTest {
    @Test
    void look_saysWhatIsThere_OrWhatIsMissingWithTheCure() {
        Look look = CudaLibrary.look();
        if (look.missing() == null) {
            assertThat(look.built()).isTrue();
            assertThat(look.gpus()).isNotEmpty().allMatch(gpu -> gpu.capability() >= 80 && gpu.memory() > 0);
        } else if (!look.built()) {
            assertThat(look.missing()).contains("no kernels for CUDA").contains("nvcc 12.8 or newer");
        } else if (look.driver() == 0) {
            assertThat(look.runtime()).isGreaterThanOrEqualTo(12080);
            assertThat(look.missing()).contains("no NVIDIA driver").contains("install its driver");
        } else {
            assertThat(look.missing()).containsAnyOf("nvidia-smi", "install a newer driver", "compute capability");
        }
    }

    @Test
    void versionsAreWrittenAsPeopleDo() {
        assertThat(CudaLibrary.version(13000)).isEqualTo("13.0");
        assertThat(CudaLibrary.version(12080)).isEqualTo("12.8");
    }

    @Test
    void withoutADevice_aCallEndsInAnExceptionWithTheReason_AndTheNextOneOnTheHostWorks() {
        Look look = CudaLibrary.look();
        assumeTrue(look.missing() != null, "there is a GPU");
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> CudaFaults.deferred(new Place(0)))
                .satisfies(e -> assertThat(e.status()).isEqualTo(KernelException.Status.CUDA));
        try (Scope scope = new Scope()) {
            Tensor logits = dev.chorus.torch.Tensors.zeros(2, 3);
            assertThat(Tensors.doubles(TokenLogProb.forward(logits, Tensors.longs(0, 2), null)
                            .logps()))
                    .hasSize(2);
        }
    }

    @Test
    void tensorsOfOneCallLieInOnePlace() {
        try (Scope scope = new Scope()) {
            Tensor logits = dev.chorus.torch.Tensors.zeros(2, 3);
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> new Place(0).require("targets", logits))
                    .withMessage("targets: expected a tensor on cuda:0 as the first one, got one on cpu");
        }
    }
}
