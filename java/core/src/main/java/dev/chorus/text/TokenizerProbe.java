package dev.chorus.text;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries a stranger's tokenizer in a process of its own, with bounded time and memory, before this one loads it. What is known to
 * end the native library is refused before it comes to that; this is for what is not known. A service that takes folders from
 * strangers asks here first.
 *
 * <p>Files that have passed are remembered by their hash in the library's folder, and not tried again.
 */
public final class TokenizerProbe {
    private static final Logger log = LoggerFactory.getLogger(TokenizerProbe.class);

    /** Seconds; a large tokenizer takes two or three. */
    private static final long LONGEST = 60;

    /** KiB of address space, on systems that have a limit for it; Java's own reservations are 1.5 GiB of it. */
    private static final long MEMORY = 6L << 20;

    private static final String PASSED = "passed";
    private static final List<String> TEXTS = List.of(
            "",
            " ",
            "a",
            "Hello  world\n\tab, 12345 -- it's!",
            "  \u00e9 \u00fc \ud83d\ude00 \ufb01 \ufdfa \u0130 A\u0301\u0327 \u200d \u4e2d\u6587 \r\n ",
            "\u0000\u0001x\u0000",
            "a".repeat(300) + "b");

    private TokenizerProbe() {}

    /**
     * Tries the tokenizer of a folder.
     *
     * @return why it cannot be used; empty if it can
     * @throws IOException if no process can be started
     */
    public static Optional<String> problem(Path folder) throws IOException {
        TokenizerFiles files;
        try {
            files = TokenizerFiles.read(folder);
            // What can be seen without running it needs no process.
            TokenizerDefinition.of(files);
        } catch (TokenizerException e) {
            return Optional.of(e.getMessage());
        }
        Path mark = TokenizerLibrary.load().resolve("tried-" + hash(files));
        if (Files.exists(mark)) {
            return Optional.empty();
        }
        Optional<String> problem = tried(folder, files.name());
        if (problem.isEmpty()) {
            remember(mark);
        }
        return problem;
    }

    private static void remember(Path mark) {
        try {
            Files.write(mark, new byte[0]);
        } catch (IOException e) {
            log.debug("{} cannot be written, so the tokenizer is tried again next time", mark, e);
        }
    }

    private static Optional<String> tried(Path folder, String name) throws IOException {
        Path answer = Files.createTempFile("chorus-tokenizer-", ".txt");
        try {
            Process child = new ProcessBuilder(command(folder, answer))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!child.waitFor(LONGEST, TimeUnit.SECONDS)) {
                child.destroyForcibly().waitFor();
                return Optional.of(name + ": was tried in a process of its own, which had not finished after " + LONGEST
                        + " seconds");
            }
            String said = Files.readString(answer);
            if (said.equals(PASSED) && child.exitValue() == 0) {
                return Optional.empty();
            }
            return Optional.of(
                    said.isEmpty() || said.equals(PASSED)
                            ? name + ": was tried in a process of its own and ended it (exit status "
                                    + child.exitValue() + "), so it is not loaded here"
                            : said);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a tokenizer was tried", e);
        } finally {
            Files.delete(answer);
        }
    }

    private static List<String> command(Path folder, Path answer) {
        List<String> java = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:CompressedClassSpaceSize=64m",
                "-XX:ReservedCodeCacheSize=64m",
                "-XX:-CreateCoredumpOnCrash",
                "-cp",
                System.getProperty("java.class.path"),
                TokenizerProbe.class.getName(),
                folder.toString(),
                answer.toString()));
        if (!Files.isExecutable(Path.of("/bin/sh"))) {
            return java;
        }
        List<String> limited = new ArrayList<>(List.of(
                "/bin/sh", "-c", "ulimit -v " + MEMORY + " 2>/dev/null; ulimit -c 0 2>/dev/null; exec \"$@\"", "sh"));
        limited.addAll(java);
        return limited;
    }

    private static String hash(TokenizerFiles files) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            Map<String, byte[]> ordered = new TreeMap<>(files.content());
            ordered.put("model_type", files.modelType().getBytes(StandardCharsets.UTF_8));
            ordered.forEach((name, bytes) -> {
                digest.update((name + "/" + bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
                digest.update(bytes);
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The process: a folder, and the file that the answer goes to. */
    public static void main(String[] args) throws IOException {
        String answer = PASSED;
        try (Tokenizer tokenizer = Tokenizer.load(Path.of(args[0]))) {
            for (String text : TEXTS) {
                tokenizer.decode(tokenizer.encode(text));
                tokenizer.decode(tokenizer.encodeWithSpecialsAndSpans(text).ids());
            }
        } catch (TokenizerException e) {
            answer = e.getMessage();
        }
        try (PrintStream out = new PrintStream(args[1], StandardCharsets.UTF_8)) {
            out.print(answer);
        }
    }
}
