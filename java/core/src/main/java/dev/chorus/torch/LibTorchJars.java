package dev.chorus.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.Loader;

/**
 * Which of Bytedeco's LibTorch jars the class path has: the one for CPUs or the one for GPUs. Both together end the process while
 * they load, with a message about "multiple backend fallbacks" that helps nobody, so it is looked for before.
 *
 * @param cpu jars that hold LibTorch for CPUs
 * @param gpu jars that hold LibTorch for GPUs
 */
public record LibTorchJars(List<String> cpu, List<String> gpu) {
    /** Copies the lists. */
    public LibTorchJars {
        cpu = List.copyOf(cpu);
        gpu = List.copyOf(gpu);
    }

    /** Looks at the class path; loads nothing. */
    public static LibTorchJars find() {
        return find(LibTorchJars.class.getClassLoader(), Loader.getPlatform());
    }

    static LibTorchJars find(ClassLoader loader, String platform) {
        return new LibTorchJars(with(loader, platform), with(loader, platform + "-gpu"));
    }

    /** Whether both are there. */
    public boolean areMixed() {
        return !cpu.isEmpty() && !gpu.isEmpty();
    }

    /** Whether LibTorch knows CUDA. */
    public boolean areForGpus() {
        return !gpu.isEmpty();
    }

    /** What to do where they are mixed. */
    public String cure() {
        return "remove one from the class path: for CPUs " + cpu + ", for GPUs " + gpu
                + " (with Maven, exclude org.bytedeco:pytorch with the platform's classifier and keep the one that ends in -gpu, or"
                + " the other way round; of Chorus's own folders, build again with the one profile that is meant)";
    }

    void requireOne() {
        if (areMixed()) {
            throw new IllegalStateException(
                    "LibTorch for CPUs and LibTorch for GPUs are both on the class path, and only one can be loaded: "
                            + cure());
        }
    }

    private static List<String> with(ClassLoader loader, String folder) {
        List<String> jars = new ArrayList<>();
        try {
            for (String system : List.of(".so", ".dylib")) {
                String name = "org/bytedeco/pytorch/" + folder + "/libjnitorch" + system;
                for (URL url : Collections.list(loader.getResources(name))) {
                    jars.add(url.toString().replaceFirst("^jar:(file:)?", "").replaceFirst("!.*", ""));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the class path cannot be read", e);
        }
        return jars;
    }
}
