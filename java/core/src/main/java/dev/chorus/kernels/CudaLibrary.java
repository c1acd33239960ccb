package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernels for CUDA, a library of their own, and what it finds on this machine.
 *
 * <p>It is there if Chorus was built with the profile gpu and nvcc was found, and carries CUDA's runtime; a driver and a GPU are needed when a kernel is
 * called. Nothing is loaded until then, or until {@link #look} is asked.
 */
public final class CudaLibrary {
    private static final Logger log = LoggerFactory.getLogger(CudaLibrary.class);
    private static final int NAME_BYTES = 256;

    /** Why the library cannot be used; null if it can, and before it has been tried. */
    private static String missing;

    private static boolean tried;

    private CudaLibrary() {}

    /**
     * A GPU.
     *
     * @param capability      compute capability, such as 90 for 9.0
     * @param multiprocessors of which each runs 2,048 threads or fewer at a time
     * @param memory          bytes
     * @param cache           bytes of the second-level cache
     */
    public record Gpu(String name, int capability, int multiprocessors, long memory, long cache) {}

    /**
     * What was found. Versions are as CUDA writes them, 13000 for 13.0, and 0 for none.
     *
     * @param built   whether this build has the kernels
     * @param driver  newest CUDA that the driver knows
     * @param runtime CUDA's runtime in the library
     * @param gpus    may be empty
     * @param missing why kernels cannot be called, with the cure; null if they can
     */
    public record Look(boolean built, int driver, int runtime, List<Gpu> gpus, String missing) {
        /** Copies the list. */
        public Look {
            gpus = List.copyOf(gpus);
        }
    }

    /** Loads the library if that has not been tried, and looks for driver and devices; throws nothing. */
    public static Look look() {
        if (!isLoaded()) {
            return new Look(false, 0, 0, List.of(), missing);
        }
        try (LongPointer counts = new LongPointer((long) ChorusCudaNative.CHORUS_CUDA_COUNTS)) {
            int status = ChorusCudaNative.chorus_cuda_probe(counts);
            String text = status == ChorusNative.CHORUS_OK ? null : lastError();
            int driver = (int) counts.get(ChorusCudaNative.CHORUS_CUDA_DRIVER_VERSION);
            int runtime = (int) counts.get(ChorusCudaNative.CHORUS_CUDA_RUNTIME_VERSION);
            List<Gpu> gpus = new ArrayList<>();
            for (int i = 0; text == null && i < counts.get(ChorusCudaNative.CHORUS_CUDA_DEVICES); i++) {
                gpus.add(gpu(i));
            }
            return new Look(true, driver, runtime, gpus, cure(text, driver, runtime, gpus));
        }
    }

    /** @throws KernelException if the kernels cannot be called; says why and what to do */
    static void require() {
        if (!isLoaded()) {
            throw new KernelException("cuda", KernelException.Status.CUDA, "[]", "any", missing);
        }
    }

    private static synchronized boolean isLoaded() {
        if (!tried) {
            tried = true;
            missing = load();
            if (missing == null) {
                log.debug("kernels for CUDA loaded");
            }
        }
        return missing == null;
    }

    private static String load() {
        try {
            Loader.load(ChorusCudaNative.class);
            return null;
        } catch (LinkageError e) {
            // JavaCPP's message ends with every folder that it looked into.
            String reason = String.valueOf(e.getMessage()).replaceFirst(" in java\\.library\\.path.*", "");
            return "this build of Chorus has no kernels for CUDA (" + reason
                    + "); build it with -Pgpu where nvcc 12.8 or newer is on the PATH, or keep the tensors on the CPU";
        }
    }

    private static Gpu gpu(int index) {
        try (LongPointer properties = new LongPointer((long) ChorusCudaNative.CHORUS_CUDA_PROPERTIES);
                BytePointer name = new BytePointer((long) NAME_BYTES)) {
            if (ChorusCudaNative.chorus_cuda_device(properties, name, NAME_BYTES, index) != ChorusNative.CHORUS_OK) {
                return new Gpu(lastError(), 0, 0, 0, 0);
            }
            return new Gpu(
                    name.getString(),
                    (int) properties.get(ChorusCudaNative.CHORUS_CUDA_CAPABILITY),
                    (int) properties.get(ChorusCudaNative.CHORUS_CUDA_MULTIPROCESSORS),
                    properties.get(ChorusCudaNative.CHORUS_CUDA_MEMORY),
                    properties.get(ChorusCudaNative.CHORUS_CUDA_CACHE));
        }
    }

    private static String cure(String text, int driver, int runtime, List<Gpu> gpus) {
        if (driver == 0) {
            return text + "; on a machine with an NVIDIA GPU, install its driver (580 or newer for CUDA 13)";
        }
        if (driver < runtime / 1000 * 1000) {
            return "the driver knows CUDA " + version(driver) + ", the kernels are of CUDA " + version(runtime)
                    + "; install a newer driver, or build with an older toolkit";
        }
        if (text != null) {
            return text + "; look at nvidia-smi, and whether the container was given the GPU";
        }
        if (gpus.isEmpty()) {
            return "there is a driver, but no GPU; look at nvidia-smi and CUDA_VISIBLE_DEVICES";
        }
        return ChorusCudaNative.chorus_cuda_self_test() == ChorusNative.CHORUS_OK
                ? null
                : lastError() + "; the kernels are for another compute capability: build with -Pgpu on this machine";
    }

    /** 13000 as 13.0. */
    public static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }

    private static String lastError() {
        return ChorusCudaNative.chorus_cuda_last_error().getString();
    }
}
