package dev.chorus.stage;

import dev.chorus.kernels.Instructions;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What decides the last bits of a figure besides the engine's code: libraries choose other loops, which add in another order, on
 * another processor.
 *
 * @param processor    its maker, family and model, and those of its instruction sets that loops are written for
 * @param kernels      what Chorus's kernels use: {@code avx512}, {@code avx2} or {@code baseline}
 * @param libTorch     what LibTorch's operators use, such as {@code AVX512}
 * @param dependencies versions of the libraries by name, and settings in the environment that choose their loops
 */
public record Arithmetic(String processor, String kernels, String libTorch, Map<String, String> dependencies) {
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    /** As Linux calls them on x86 and on ARM. */
    private static final List<String> KINDS = List.of(
            "vendor_id", "cpu family", "model", "CPU implementer", "CPU architecture", "CPU part", "flags", "Features");

    /** The instruction sets that the libraries look for. */
    private static final List<String> SETS = List.of(
            "sse4", "avx", "fma", "f16c", "amx", "bmi", "asimd", "sve", "sme", "fphp", "bf16", "i8mm", "dotprod");

    /** Each names a processor whose loops its library takes in place of the machine's own. */
    private static final List<String> CHOICES = List.of("OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA");

    /** Copies the map, sorted. */
    public Arithmetic {
        dependencies = Collections.unmodifiableMap(new TreeMap<>(dependencies));
    }

    /** This process's; loads LibTorch and the kernels. */
    public static Arithmetic here() {
        LibTorch.load();
        Map<String, String> dependencies = new TreeMap<>(Dependencies.versions());
        for (String choice : CHOICES) {
            if (System.getenv(choice) != null) {
                dependencies.put(choice, System.getenv(choice));
            }
        }
        try {
            List<String> cpuinfo = Files.isReadable(CPUINFO) ? Files.readAllLines(CPUINFO) : List.of();
            return new Arithmetic(processor(cpuinfo), Instructions.current(), LibTorch.instructions(), dependencies);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** From the lines of {@code /proc/cpuinfo}, its first processor; without them the architecture is all that Java knows. */
    static String processor(List<String> cpuinfo) {
        List<String> kind = new ArrayList<>();
        kind.add(System.getProperty("os.arch"));
        for (String line : cpuinfo) {
            int colon = line.indexOf(':');
            if (line.isBlank() && kind.size() > 1) {
                break;
            }
            String key = colon < 0 ? "" : line.substring(0, colon).strip();
            if (KINDS.contains(key)) {
                String value = line.substring(colon + 1).strip();
                kind.add(key.equals("flags") || key.equals("Features") ? sets(value) : key + " " + value);
            }
        }
        return String.join(", ", kind);
    }

    private static String sets(String flags) {
        Set<String> sets = new TreeSet<>();
        for (String flag : flags.split(" ", -1)) {
            if (SETS.stream().anyMatch(flag::startsWith)) {
                sets.add(flag);
            }
        }
        return String.join(" ", sets);
    }
}
