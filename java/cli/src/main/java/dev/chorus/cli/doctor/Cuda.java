package dev.chorus.cli.doctor;

import dev.chorus.kernels.CudaLibrary;
import dev.chorus.kernels.CudaLibrary.Gpu;
import dev.chorus.kernels.CudaLibrary.Look;
import dev.chorus.torch.LibTorchJars;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Checks of what a GPU needs: our kernels for CUDA, LibTorch for CUDA, and what follows for each op. None is needed for a run. */
final class Cuda {
    private static final List<String> OPS = List.of(
            "token log-prob",
            "ensemble log-prob",
            "linear log-prob",
            "evidential loss",
            "Dirichlet posterior",
            "preference loss");

    private final Supplier<Look> look;
    private final LibTorchJars jars;
    private final Supplier<String> torchMissing;
    private Look seen;

    /** @param torchMissing why LibTorch cannot use a GPU, with the cure, or null; loads LibTorch */
    Cuda(Supplier<Look> look, LibTorchJars jars, Supplier<String> torchMissing) {
        this.look = look;
        this.jars = jars;
        this.torchMissing = torchMissing;
    }

    /** Driver, runtime, GPUs. */
    Finding kernels() {
        Look found = look();
        if (!found.built()) {
            return Finding.absent("CUDA", "libchorus_cuda is not there", found.missing());
        }
        String text = "libchorus_cuda loads, runtime " + CudaLibrary.version(found.runtime())
                + (found.driver() == 0 ? "" : ", driver for CUDA " + CudaLibrary.version(found.driver()))
                + found.gpus().stream().map(Cuda::describe).collect(Collectors.joining());
        return found.missing() == null ? Finding.ok("CUDA", text) : Finding.absent("CUDA", text, found.missing());
    }

    /** Our kernels take LibTorch's tensors, so a GPU needs both. */
    Finding libTorch() {
        if (jars.areForGpus()) {
            String text = "LibTorch for GPUs " + jars.gpu();
            String missing = torchMissing.get();
            return missing == null
                    ? Finding.ok("CUDA tensors", text)
                    : Finding.absent("CUDA tensors", text + " cannot be used", missing);
        }
        String text = "LibTorch is the one for CPUs";
        return look().gpus().isEmpty()
                ? Finding.ok("CUDA tensors", text + ", as the machine asks for")
                : Finding.absent("CUDA tensors", text, torchMissing.get());
    }

    /** Which library serves each op. */
    Finding servedBy() {
        boolean device = look().missing() == null && jars.areForGpus() && torchMissing.get() == null;
        String ops = String.join(", ", OPS);
        return Finding.ok(
                "Served by",
                device
                        ? ops
                                + ": libchorus_cuda for tensors on a GPU, libchorus for the others; everything else: libchorus"
                        : ops + " and everything else: libchorus (the processor)");
    }

    private static String describe(Gpu gpu) {
        return String.format(
                Locale.ROOT,
                "; %s, compute capability %d.%d, %d multiprocessors, %.0f GiB",
                gpu.name(),
                gpu.capability() / 10,
                gpu.capability() % 10,
                gpu.multiprocessors(),
                gpu.memory() / (1024.0 * 1024 * 1024));
    }

    private Look look() {
        if (seen == null) {
            seen = look.get();
        }
        return seen;
    }
}
