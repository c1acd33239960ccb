package dev.chorus.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibTorchTest {
    /** The thread's own words once came first, as a stack trace. */
    @Test
    void aFailureInTheBackgroundIsReportedOnceByWhoNeedsIt(@TempDir Path folder) throws Exception {
        String both = mark(folder.resolve("one"), Loader.getPlatform())
                + File.pathSeparator
                + mark(folder.resolve("two"), Loader.getPlatform() + "-gpu");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path") + File.pathSeparator + both,
                        Both.class.getName())
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(printed.lines().filter(line -> !line.contains(" DEBUG ") && !line.startsWith("\t")))
                .as(printed)
                .noneMatch(line -> line.contains("Exception in thread"))
                .last()
                .asString()
                .startsWith("reported: LibTorch for CPUs and LibTorch for GPUs are both on the class path");
    }

    private static Path mark(Path root, String platform) throws IOException {
        Path library = root.resolve("org/bytedeco/pytorch").resolve(platform).resolve("libjnitorch.so");
        Files.createDirectories(library.getParent());
        Files.writeString(library, "");
        return root;
    }

    /** Loads in the background, and then for itself. */
    static final class Both {
        private Both() {}

        public static void main(String[] args) throws InterruptedException {
            LibTorch.loadInBackground();
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (thread.getName().equals("load LibTorch")) {
                    thread.join();
                }
            }
            try {
                LibTorch.load();
            } catch (IllegalStateException e) {
                System.out.println("reported: " + e.getMessage());
            }
        }
    }
}
