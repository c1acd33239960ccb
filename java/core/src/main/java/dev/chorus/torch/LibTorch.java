package dev.chorus.torch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads LibTorch with its threads set right.
 *
 * <p>OpenMP's team spins while OpenBLAS's own threads work, and on few cores they starve each other: a training step takes
 * several times as long. {@code GOMP_SPINCOUNT=0} stops that, but libgomp reads it when it loads, so it has to be in the
 * process's environment before the first LibTorch class is touched. {@link #load} puts it there unless the user has set
 * it or {@code OMP_WAIT_POLICY}.
 */
public final class LibTorch {
    private static final Logger log = LoggerFactory.getLogger(LibTorch.class);
    private static boolean loaded;

    private LibTorch() {}

    /** The part of the C library that is needed. */
    private interface CLibrary extends Library {
        int setenv(String name, String value, int overwrite);
    }

    /**
     * Loads LibTorch, once; later calls return at once. Call it before anything else of {@code org.bytedeco.pytorch}.
     *
     * @throws IllegalStateException if the class path has both LibTorch for CPUs and for GPUs; says which to remove
     */
    public static synchronized void load() {
        if (loaded) {
            return;
        }
        LibTorchJars.find().requireOne();
        if (System.getenv("GOMP_SPINCOUNT") == null && System.getenv("OMP_WAIT_POLICY") == null) {
            setEnvironment("GOMP_SPINCOUNT", "0");
        }
        // Pointers are freed by scopes; JavaCPP's own accounting of physical memory costs half of every allocation.
        if (System.getProperty("org.bytedeco.javacpp.maxPhysicalBytes") == null) {
            System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        }
        torch.get_num_threads();
        loaded = true;
    }

    /**
     * Starts to load LibTorch while the caller does something else; {@link #load} then waits for the rest of it. What goes wrong
     * here goes wrong there again, and is reported there.
     */
    public static void loadInBackground() {
        Thread thread = new Thread(
                () -> {
                    try {
                        load();
                    } catch (LinkageError | RuntimeException e) {
                        // A daemon's stack trace would stand before the sentence that load gives the caller.
                        log.debug("LibTorch does not load", e);
                    }
                },
                "load LibTorch");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Gives the calling thread a team of its own size for LibTorch's operators and OpenBLAS.
     *
     * <p>LibTorch's setting is the calling thread's; OpenBLAS's is the process's. With one thread each, several
     * trainings run side by side without disturbing each other and their results do not depend on the number of cores.
     *
     * @param threads at least 1
     */
    public static void threads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected at least 1, got " + threads);
        }
        load();
        torch.set_num_threads(threads);
        openblas_nolapack.blas_set_num_threads(threads);
    }

    /** LibTorch's version, such as "2.10.0". */
    public static String version() {
        load();
        try (PointerScope scope = new PointerScope()) {
            Matcher version = Pattern.compile("TORCH_VERSION=([0-9.]+)")
                    .matcher(torch.show_config().getString());
            return version.find() ? version.group(1) : "unknown";
        }
    }

    /** The instruction set that its operators use, such as {@code AVX512}; {@code ATEN_CPU_CAPABILITY} sets a lower one. */
    public static String instructions() {
        load();
        return torch.get_cpu_capability().getString();
    }

    private static void setEnvironment(String name, String value) {
        if (!Platform.isLinux() && !Platform.isMac()) {
            return;
        }
        try {
            CLibrary c = Native.load("c", CLibrary.class);
            if (c.setenv(name, value, 1) != 0) {
                log.warn(
                        "could not set {}={}; export it before starting the JVM, training is slower without",
                        name,
                        value);
            }
        } catch (UnsatisfiedLinkError e) {
            log.warn("could not set {}={} ({}); export it before starting the JVM", name, value, e.getMessage());
        }
    }
}
