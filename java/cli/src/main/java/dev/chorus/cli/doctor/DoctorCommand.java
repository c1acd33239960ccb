package dev.chorus.cli.doctor;

import dev.chorus.cli.doctor.Finding.State;
import dev.chorus.kernels.CudaLibrary;
import dev.chorus.torch.CudaStreams;
import dev.chorus.torch.LibTorchJars;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code chorus doctor}: what this machine has, what is missing, and how to get it. */
@Command(
        name = "doctor",
        description = {
            "Shows what this machine has, what is missing, and how to get it.",
            "",
            "Marks: ok = there; -- = absent, and a run does without; !! = missing, and nothing runs."
        },
        exitCodeList = {"0:the main job can run", "1:it cannot; the last line says what is missing", "2:wrong usage"})
public final class DoctorCommand implements Callable<Integer> {
    private static final int NAME_WIDTH = 12;

    @Spec
    private CommandSpec spec;

    /** Made by picocli. */
    public DoctorCommand() {}

    @Override
    public Integer call() {
        return report(checks(), spec.commandLine().getOut());
    }

    /** Prints one line a check as it comes in, then the verdict. */
    static int report(List<Check> checks, PrintWriter out) {
        List<Finding> missing = new ArrayList<>();
        for (Check check : checks) {
            Finding finding = check.look();
            out.println(finding.line(NAME_WIDTH));
            out.flush();
            if (finding.state() == State.MISSING) {
                missing.add(finding);
            }
        }
        out.println(
                missing.isEmpty()
                        ? "ready"
                        : "missing: " + missing.stream().map(Finding::name).collect(Collectors.joining(", ")));
        out.flush();
        return missing.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static List<Check> checks() {
        CpuInfo cpu = CpuInfo.read(Path.of("/proc/cpuinfo"));
        Tools tools = new Tools(Shell.SYSTEM, System.getenv());
        Cuda cuda = new Cuda(CudaLibrary::look, LibTorchJars.find(), CudaStreams::missing);
        return List.of(
                Machine::java,
                () -> Machine.processor(cpu, Runtime.getRuntime().availableProcessors()),
                () -> Machine.instructionSets(cpu),
                Machine::memory,
                () -> Machine.disk(Path.of("").toAbsolutePath()),
                NativeLibraries::libTorch,
                NativeLibraries::blas,
                NativeLibraries::openMp,
                NativeLibraries::kernels,
                NativeLibraries::tokenizers,
                tools::gpu,
                cuda::kernels,
                cuda::libTorch,
                cuda::servedBy,
                tools::nvcc,
                tools::cmake,
                tools::compiler,
                tools::maven);
    }
}
