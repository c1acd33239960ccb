package dev.chorus.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What {@code chorus --version} prints: ours, LibTorch's and Java's. */
final class Version implements IVersionProvider {
    private static final String OURS = "META-INF/maven/dev.chorus/chorus-cli/pom.properties";
    private static final String LIBTORCH = "META-INF/maven/org.bytedeco/pytorch/pom.properties";

    @Override
    public String[] getVersion() throws IOException {
        return new String[] {
            "chorus " + version(OURS),
            "LibTorch " + version(LIBTORCH).replaceFirst("-.*", "") + ", Java " + Runtime.version()
        };
    }

    /** From what Maven wrote into the jar, so that asking for a version does not load half a gigabyte. */
    private static String version(String resource) throws IOException {
        try (InputStream in = Version.class.getClassLoader().getResourceAsStream(resource)) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "(not from a jar)");
        }
    }
}
