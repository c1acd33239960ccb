package dev.chorus.cli.doctor;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Checks of other programs: what builds the engine, and what a GPU needs. */
final class Tools {
    private final Shell shell;
    private final Map<String, String> environment;

    Tools(Shell shell, Map<String, String> environment) {
        this.shell = shell;
        this.environment = Map.copyOf(environment);
    }

    Finding cmake() {
        return tool("CMake", Shell.install("cmake", "cmake"), shell.ask("cmake", "--version"));
    }

    Finding compiler() {
        String cure = Shell.isMac() ? "xcode-select --install" : Shell.install("g++", "");
        Optional<String> found = shell.ask(environment.getOrDefault("CXX", "c++"), "--version")
                .or(() -> shell.ask("g++", "--version"))
                .or(() -> shell.ask("clang++", "--version"));
        return tool("C++ compiler", cure, found);
    }

    Finding maven() {
        return tool("Maven", Shell.install("maven", "maven"), shell.ask("mvn", "--version"));
    }

    /** Only the CUDA kernels need it. */
    Finding nvcc() {
        Optional<String> found = shell.ask("nvcc", "--version")
                .or(() ->
                        shell.ask(environment.getOrDefault("CUDA_HOME", "/usr/local/cuda") + "/bin/nvcc", "--version"));
        return found.map(text -> Finding.ok(
                        "nvcc",
                        text.lines()
                                .filter(l -> l.contains("release"))
                                .findFirst()
                                .orElse(firstLine(text))
                                .strip()))
                .orElse(Finding.absent(
                        "nvcc",
                        "not found, so the build leaves the CUDA kernels out",
                        "to have them: " + Shell.install("nvidia-cuda-toolkit", "(no CUDA on macOS)")));
    }

    /** Where there is no GPU there is nothing to cure. */
    Finding gpu() {
        return shell.ask("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
                .filter(text -> !text.isEmpty())
                .map(text -> Finding.ok(
                        "GPU",
                        text.lines()
                                .map(line -> line.strip().replaceFirst(", ", ", driver "))
                                .collect(Collectors.joining("; "))))
                .orElse(Finding.ok("GPU", "none; everything runs on the processor"));
    }

    private static Finding tool(String name, String cure, Optional<String> found) {
        return found.map(text -> Finding.ok(name, firstLine(text)))
                .orElse(Finding.absent(name, "not found, needed to build from source", cure));
    }

    /** The first line without the colours that Maven writes. */
    private static String firstLine(String text) {
        return text.lines()
                .findFirst()
                .orElse("")
                .replaceAll("\u001b\\[[0-9;]*m", "")
                .strip();
    }
}
