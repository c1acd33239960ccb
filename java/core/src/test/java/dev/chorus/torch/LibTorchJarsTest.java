package dev.chorus.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibTorchJarsTest {
    private static LibTorchJars find(Path... roots) throws IOException {
        URL[] urls = new URL[roots.length];
        for (int i = 0; i < roots.length; i++) {
            urls[i] = roots[i].toUri().toURL();
        }
        try (URLClassLoader loader = new URLClassLoader(urls, null)) {
            return LibTorchJars.find(loader, "linux-x86_64");
        }
    }

    private static Path jar(Path folder, String platform) throws IOException {
        Path library = folder.resolve("org/bytedeco/pytorch").resolve(platform).resolve("libjnitorch.so");
        Files.createDirectories(library.getParent());
        Files.writeString(library, "");
        return folder;
    }

    @Test
    void one_isFine(@TempDir Path directory) throws IOException {
        LibTorchJars cpu = find(jar(directory.resolve("cpu"), "linux-x86_64"));
        assertThat(cpu.areForGpus()).isFalse();
        assertThatCode(cpu::requireOne).doesNotThrowAnyException();
        LibTorchJars gpu = find(jar(directory.resolve("gpu"), "linux-x86_64-gpu"));
        assertThat(gpu.areForGpus()).isTrue();
        assertThatCode(gpu::requireOne).doesNotThrowAnyException();
    }

    @Test
    void both_areRefused_WithBothPlacesAndTheCure(@TempDir Path directory) throws IOException {
        LibTorchJars both =
                find(jar(directory.resolve("cpu"), "linux-x86_64"), jar(directory.resolve("gpu"), "linux-x86_64-gpu"));
        assertThat(both.areMixed()).isTrue();
        assertThatIllegalStateException()
                .isThrownBy(both::requireOne)
                .withMessageContaining("only one can be loaded")
                .withMessageContaining("remove one from the class path")
                .withMessageContaining(directory.resolve("cpu").toString())
                .withMessageContaining(directory.resolve("gpu").toString());
    }

    @Test
    void thisClassPath_hasOne() {
        assertThatCode(() -> LibTorchJars.find().requireOne()).doesNotThrowAnyException();
        assertThat(LibTorchJars.find().cpu().isEmpty())
                .isEqualTo(LibTorchJars.find().areForGpus());
    }
}
