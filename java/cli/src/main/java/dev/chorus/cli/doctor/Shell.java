package dev.chorus.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Asks other programs; a test answers in their place. */
@FunctionalInterface
interface Shell {
    /** What {@code command} printed; empty if it is not there, fails, or does not answer in time. */
    Optional<String> ask(String... command);

    /** The machine's own programs. */
    Shell SYSTEM = Shell::run;

    /** How to install a package on this system. */
    static String install(String debian, String brew) {
        return isMac() ? "brew install " + brew : "apt-get install " + debian;
    }

    static boolean isMac() {
        return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("mac");
    }

    private static Optional<String> run(String... command) {
        Path output = null;
        try {
            // A file, because a program that hangs would also hang who reads its pipe.
            output = Files.createTempFile("chorus", ".txt");
            Process process = new ProcessBuilder(List.of(command))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return Optional.empty();
            }
            String text = Files.readString(output, StandardCharsets.ISO_8859_1).strip();
            return process.exitValue() == 0 ? Optional.of(text) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } finally {
            delete(output);
        }
    }

    private static void delete(Path file) {
        if (file != null && !file.toFile().delete()) {
            file.toFile().deleteOnExit();
        }
    }
}
