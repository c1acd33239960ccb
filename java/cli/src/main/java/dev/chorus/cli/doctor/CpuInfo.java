package dev.chorus.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the kernel says of the processor.
 *
 * @param model name, empty if not known
 * @param cores physical cores, 0 if not known
 * @param flags as the kernel spells them, such as "avx512f"
 */
record CpuInfo(String model, int cores, Set<String> flags) {
    CpuInfo {
        flags = Set.copyOf(flags);
    }

    /** From {@code /proc/cpuinfo}; empty where there is none. */
    static CpuInfo read(Path file) {
        try {
            return parse(Files.readAllLines(file, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return new CpuInfo("", 0, Set.of());
        }
    }

    static CpuInfo parse(List<String> lines) {
        String model = "";
        String socket = "0";
        Set<String> flags = new HashSet<>();
        Set<String> cores = new HashSet<>();
        for (String line : lines) {
            int colon = line.indexOf(':');
            String value = colon < 0 ? "" : line.substring(colon + 1).strip();
            switch (colon < 0 ? "" : line.substring(0, colon).strip()) {
                case "model name" -> model = value.replaceAll("\\s+", " ");
                case "physical id" -> socket = value;
                case "core id" -> cores.add(socket + "/" + value);
                case "flags", "Features" -> flags.addAll(List.of(value.split("\\s+")));
                default -> {}
            }
        }
        return new CpuInfo(model, cores.size(), flags);
    }

    /** The vector and matrix instructions that kernels choose from, for people. */
    List<String> instructionSets() {
        List<String> sets = new ArrayList<>();
        add(sets, "AVX2", "avx2", "fma");
        add(sets, "AVX-512", "avx512f", "avx512bw", "avx512dq", "avx512vl");
        add(sets, "AVX-512 BF16", "avx512_bf16");
        add(sets, "AMX", "amx_tile", "amx_bf16");
        add(sets, "NEON", "asimd");
        add(sets, "SVE", "sve");
        return sets;
    }

    private void add(List<String> sets, String name, String... needed) {
        if (flags.containsAll(List.of(needed))) {
            sets.add(name);
        }
    }
}
