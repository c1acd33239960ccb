package dev.chorus.cli.doctor;

import dev.chorus.kernels.Instructions;
import dev.chorus.text.TokenizerLibrary;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.LibTorchJars;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/** Checks that load native code: LibTorch, the BLAS that serves it, OpenMP, and our own kernels. */
final class NativeLibraries {
    private static final Pattern TORCH_VERSION = Pattern.compile("TORCH_VERSION=([^,\\s]+)");
    private static final Pattern BLAS_INFO = Pattern.compile("BLAS_INFO=([^,\\s]+)");
    private static final Pattern BLAS_FILE = Pattern.compile(".*/(lib(?:openblas|mkl_|blas)[^/]*)");
    private static final Pattern OPENBLAS_JAR = Pattern.compile(".*/openblas-([0-9.]+)-.*");
    private static final String KERNELS = "dev.chorus.bindings.ChorusNative";

    private NativeLibraries() {}

    /** Version, and the instruction set that it chose here. */
    static Finding libTorch() {
        LibTorchJars jars = LibTorchJars.find();
        if (jars.areMixed()) {
            return Finding.missing("LibTorch", "for CPUs and for GPUs are both on the class path", jars.cure());
        }
        return libTorch(() -> torch.show_config().getString(), () -> torch.get_cpu_capability()
                .getString());
    }

    static Finding libTorch(Supplier<String> config, Supplier<String> capability) {
        try {
            String version = first(TORCH_VERSION, config.get());
            return Finding.ok("LibTorch", version + ", CPU capability " + capability.get());
        } catch (LinkageError | RuntimeException e) {
            return Finding.missing("LibTorch", "does not load (" + reason(e) + ")", cureForLibTorch());
        }
    }

    static Finding blas() {
        try {
            LibTorch.load();
            return blas(torch.show_config().getString(), loadedLibraries(Path.of("/proc/self/maps")));
        } catch (LinkageError | RuntimeException e) {
            return Finding.missing("BLAS", "not known, because LibTorch does not load", "see LibTorch");
        }
    }

    /** What is loaded counts, not what LibTorch was built with: the preset's OpenBLAS can be replaced by MKL. */
    static Finding blas(String config, List<String> libraries) {
        String built = "LibTorch was built with BLAS_INFO=" + first(BLAS_INFO, config);
        String files = String.join(
                ", ",
                new TreeSet<>(libraries.stream()
                        .map(BLAS_FILE::matcher)
                        .filter(Matcher::matches)
                        .map(m -> m.group(1))
                        .toList()));
        if (files.isEmpty()) {
            return Finding.ok("BLAS", "no BLAS library of its own is loaded; " + built);
        }
        if (files.contains("mkl_")) {
            return Finding.ok("BLAS", "MKL (" + files + ")");
        }
        String version = libraries.stream()
                .map(OPENBLAS_JAR::matcher)
                .filter(Matcher::matches)
                .map(m -> " " + m.group(1))
                .findFirst()
                .orElse("");
        return Finding.ok("BLAS", "OpenBLAS" + version + " (" + files + ")");
    }

    static Finding openMp() {
        try {
            LibTorch.load();
            String info = torch.get_openmp_version().getString().replaceFirst(".*\\(a\\.k\\.a\\. (.*)\\)", "$1");
            return openMp(info, torch.get_num_threads(), System.getenv());
        } catch (LinkageError | RuntimeException e) {
            return Finding.missing("OpenMP", "not known, because LibTorch does not load", "see LibTorch");
        }
    }

    /** Threads that spin while they wait starve the BLAS's own threads: a training step is several times slower. */
    static Finding openMp(String version, int threads, Map<String, String> environment) {
        String policy = environment.getOrDefault("OMP_WAIT_POLICY", "");
        String spin = environment.getOrDefault("GOMP_SPINCOUNT", "");
        StringBuilder text =
                new StringBuilder(version).append(", ").append(threads).append(threads == 1 ? " thread" : " threads");
        environment.entrySet().stream()
                .filter(e -> e.getKey().startsWith("OMP_")
                        || e.getKey().startsWith("GOMP_")
                        || e.getKey().startsWith("OPENBLAS_"))
                .sorted(Map.Entry.comparingByKey())
                .forEach(e -> text.append(", ").append(e.getKey()).append('=').append(e.getValue()));
        return spin.equals("0") || policy.equalsIgnoreCase("passive")
                ? Finding.ok("OpenMP", text.toString())
                : Finding.absent(
                        "OpenMP", text + ", waiting threads may spin", "start with ./chorus, or set GOMP_SPINCOUNT=0");
    }

    /** The library that runs tokenizers, unpacked to a folder of the user's own. */
    static Finding tokenizers() {
        return tokenizers(() -> TokenizerLibrary.load().toString());
    }

    static Finding tokenizers(Supplier<String> load) {
        try {
            return Finding.ok("Tokenizers", "the library loads, unpacked to " + load.get());
        } catch (LinkageError | RuntimeException e) {
            return Finding.missing(
                    "Tokenizers",
                    "the library does not load (" + reason(e) + ")",
                    "see that ~/.cache/chorus, or the system's folder for temporary files, can be written to and run from");
        }
    }

    /** Our own library, through the class that JavaCPP generated. */
    static Finding kernels() {
        return kernels(() -> {
            try {
                Class<?> binding = Class.forName(KERNELS);
                return Loader.load(binding) + ", vector loops for " + Instructions.current();
            } catch (ClassNotFoundException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    static Finding kernels(Supplier<String> load) {
        try {
            return Finding.ok("Kernels", "libchorus loads (" + load.get() + ")");
        } catch (LinkageError | RuntimeException e) {
            return Finding.missing(
                    "Kernels", "libchorus does not load (" + reason(e) + ")", "build it: mvn -DskipTests package");
        }
    }

    /** Paths of the libraries in this process; empty where the system does not tell. */
    private static List<String> loadedLibraries(Path maps) {
        try (Stream<String> lines = Files.lines(maps, StandardCharsets.ISO_8859_1)) {
            return lines.filter(l -> l.indexOf('/') >= 0)
                    .map(l -> l.substring(l.indexOf('/')))
                    .distinct()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static String cureForLibTorch() {
        return "the libraries for " + Loader.getPlatform()
                + " must be in java/cli/target/lib (mvn -DskipTests package), with room for " + "them in ~/.javacpp";
    }

    private static String first(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : "unknown";
    }

    /** The innermost message: what the dynamic linker said. */
    private static String reason(Throwable e) {
        Throwable inner = e;
        while (inner.getCause() != null) {
            inner = inner.getCause();
        }
        String message = inner.getMessage() == null ? inner.toString() : inner.getMessage();
        return message.lines().findFirst().orElse("").strip();
    }
}
