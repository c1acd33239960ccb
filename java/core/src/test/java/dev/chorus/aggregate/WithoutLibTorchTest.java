package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Starts a virtual machine whose class path has neither LibTorch nor JavaCPP, and runs every aggregator there. */
class WithoutLibTorchTest {

    @Test
    void everyAggregatorRunsWithoutNativeLibraries() throws IOException, InterruptedException {
        String bare = Arrays.stream(
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                                .split(File.pathSeparator, -1))
                .filter(entry -> !entry.contains("bytedeco") && !entry.contains("djl") && !entry.contains("jna"))
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        bare,
                        EveryAggregator.class.getName()))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said)
                .contains("without org.bytedeco")
                .contains("13 aggregators")
                .contains("read 4 votes");
    }
}
