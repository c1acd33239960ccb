package dev.chorus.stage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Versions of the libraries that compute: those on the class path, and where a jar does not say it, those of the build. */
final class Dependencies {
    private static final String BUILD = "/dev/chorus/build.properties";
    private static final String PREFIX = "dependency.";

    /** Where Maven writes into a jar what it is, by the name that the build gives it. */
    private static final Map<String, String> JARS = Map.of(
            "pytorch", "/META-INF/maven/org.bytedeco/pytorch/pom.properties",
            "openblas", "/META-INF/maven/org.bytedeco/openblas/pom.properties",
            "javacpp", "/META-INF/maven/org.bytedeco/javacpp/pom.properties",
            "tokenizers", "/META-INF/maven/ai.djl.huggingface/tokenizers/pom.properties");

    private Dependencies() {}

    /** What the build wrote: the commit, and {@code dependency.NAME}. */
    static Properties build() {
        return properties(BUILD);
    }

    /** By name: pytorch, openblas, javacpp, tokenizers; "unknown" where nothing says it. */
    static Map<String, String> versions() {
        Properties build = build();
        Map<String, String> versions = new TreeMap<>();
        JARS.forEach((name, jar) -> versions.put(
                name, properties(jar).getProperty("version", build.getProperty(PREFIX + name, "unknown"))));
        // What else the build names.
        for (String key : build.stringPropertyNames()) {
            if (key.startsWith(PREFIX)) {
                versions.putIfAbsent(key.substring(PREFIX.length()), build.getProperty(key));
            }
        }
        return versions;
    }

    private static Properties properties(String resource) {
        Properties properties = new Properties();
        try (InputStream in = Dependencies.class.getResourceAsStream(resource)) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
        return properties;
    }
}
