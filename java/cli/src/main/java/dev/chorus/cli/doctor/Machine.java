package dev.chorus.cli.doctor;

import com.sun.management.OperatingSystemMXBean;
import dev.chorus.cli.doctor.Finding.State;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Checks of the machine itself: Java, processor, memory, disk. */
final class Machine {
    /** What the quick example may take. */
    private static final double MEMORY_NEEDED = 3 * 1024.0 * 1024 * 1024;

    private static final double DISK_NEEDED = 1024.0 * 1024 * 1024;

    private Machine() {}

    /** A newer Java runs the engine; only 17 builds it. */
    static Finding java(int feature, String text) {
        return feature == 17
                ? Finding.ok("JDK", text)
                : new Finding(
                        "JDK",
                        State.OK,
                        text,
                        "to build, JDK 17: " + Shell.install("openjdk-17-jdk-headless", "openjdk@17")
                                + ", and set JAVA_HOME");
    }

    static Finding java() {
        return java(
                Runtime.version().feature(),
                Runtime.version() + ", " + System.getProperty("java.vendor") + ", " + System.getProperty("java.home"));
    }

    static Finding processor(CpuInfo cpu, int threads) {
        String model = cpu.model().isEmpty() ? System.getProperty("os.arch") : cpu.model();
        String cores = cpu.cores() == 0 ? "" : count(cpu.cores(), "core") + ", ";
        return Finding.ok("Processor", model + ", " + cores + count(threads, "thread") + " for this process");
    }

    static Finding instructionSets(CpuInfo cpu) {
        String sets = String.join(", ", cpu.instructionSets());
        return Finding.ok("Instructions", sets.isEmpty() ? "baseline (" + System.getProperty("os.arch") + ")" : sets);
    }

    static Finding memory(double total, double free, double heap) {
        String text = gigabytes(total) + ", " + gigabytes(free) + " free, Java heap up to " + gigabytes(heap);
        return free >= MEMORY_NEEDED
                ? Finding.ok("Memory", text)
                : Finding.absent(
                        "Memory", text, "the quick example may take " + gigabytes(MEMORY_NEEDED) + ": close something");
    }

    static Finding memory() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return memory((double) system.getTotalMemorySize(), available((double) system.getFreeMemorySize()), (double)
                Runtime.getRuntime().maxMemory());
    }

    static Finding disk(Path directory, double free) {
        String text = gigabytes(free) + " free in " + directory;
        return free >= DISK_NEEDED
                ? Finding.ok("Disk", text)
                : Finding.missing(
                        "Disk",
                        text,
                        "a run needs about " + gigabytes(DISK_NEEDED) + ": make room, or run with --out elsewhere");
    }

    static Finding disk(Path directory) {
        try {
            return disk(directory, (double) Files.getFileStore(directory).getUsableSpace());
        } catch (IOException e) {
            return Finding.absent("Disk", "cannot tell (" + e.getMessage() + ")", "look at: df -h " + directory);
        }
    }

    /** Free memory with what the kernel would give back, where it says so. */
    private static double available(double free) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemAvailable:")) {
                    return 1024 * Double.parseDouble(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException e) {
            return free;
        }
        return free;
    }

    private static String gigabytes(double bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / (1024.0 * 1024 * 1024));
    }

    private static String count(int n, String one) {
        return n + " " + one + (n == 1 ? "" : "s");
    }
}
