package dev.chorus.results;

import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** What a run ran on, as far as the system tells. */
public final class MachineFacts {
    private MachineFacts() {}

    public static Map<String, String> describe(int workers) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("cpu", field(Path.of("/proc/cpuinfo"), "model name", System.getProperty("os.arch")));
        facts.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put("memory", memory());
        facts.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("jdk", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        facts.put("libtorch", LibTorch.version());
        facts.put("blas", blas());
        facts.put("workers", Integer.toString(workers));
        return facts;
    }

    /** Peak resident memory of this process; 0 where the system does not tell. */
    public static long peakResidentBytes() {
        String peak = field(Path.of("/proc/self/status"), "VmHWM", "0 kB");
        return Long.parseLong(peak.replaceAll("\\D", "")) * 1024;
    }

    private static String memory() {
        String total = field(Path.of("/proc/meminfo"), "MemTotal", "");
        return total.isEmpty() ? "unknown" : Long.parseLong(total.replaceAll("\\D", "")) / (1 << 20) + " GiB";
    }

    /** The library that is mapped into this process. */
    private static String blas() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.anyMatch(line -> line.contains("mkl_rt")) ? "MKL" : "OpenBLAS";
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static String field(Path file, String key, String otherwise) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(key))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(otherwise);
        } catch (IOException e) {
            return otherwise;
        }
    }
}
