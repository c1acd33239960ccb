package dev.chorus.cli.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.chorus.results.Results;
import java.util.Map;
import java.util.stream.Collectors;

/** What was run, on what, from which configuration. */
final class RunFacts {
    private static final int SHORT_HASH = 12;

    private RunFacts() {}

    /** Writes names and values in pairs. */
    static void draw(Results results, Markup out) {
        out.open("dl", "class", "facts");
        fact(out, "Started", results.started().replace('T', ' ').replaceFirst("(\\.\\d+)?Z$", " UTC"));
        fact(
                out,
                "Wall time",
                Numbers.duration(results.wallSeconds()) + " for " + Numbers.plural(results.stagesRun(), "stage")
                        + (results.stagesReused() == 0
                                ? ""
                                : ", " + Numbers.count(results.stagesReused()) + " reused"));
        fact(
                out,
                "Peak memory",
                results.peakResidentBytes() > 0
                        ? Numbers.bytes(results.peakResidentBytes()) + " resident"
                        : "not known");
        fact(out, "Seeds", results.seeds().stream().map(String::valueOf).collect(Collectors.joining(", ")));
        fact(
                out,
                "Sentences",
                results.data().entrySet().stream()
                        .map(e -> Numbers.count(e.getValue()) + " " + e.getKey())
                        .collect(Collectors.joining(", ")));
        results.machine().forEach((name, value) -> fact(out, machineTitle(name), value));
        hash(out, "Commit", results.commit());
        hash(out, "Build", results.build());
        hash(out, "Configuration", results.configHash());
        out.close();
    }

    /** Writes the whole configuration, folded. */
    static void config(Results results, Markup out) {
        out.open("details", "class", "config").element("summary", "The whole configuration");
        out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", "Configuration");
        out.element("pre", yaml(results.config()));
        out.close();
        out.open("p", "class", "note").text("SHA-256 of the configuration after overrides: ");
        out.element("code", results.configHash()).close();
        out.close();
    }

    private static void fact(Markup out, String name, String value) {
        out.open("div").element("dt", name).element("dd", value).close();
    }

    /** A hash in its first characters, whole for who points at it. */
    private static void hash(Markup out, String name, String value) {
        boolean dirty = value.endsWith("-dirty");
        String bare = dirty ? value.substring(0, value.length() - "-dirty".length()) : value;
        String shown = bare.length() > SHORT_HASH ? bare.substring(0, SHORT_HASH) : bare;
        out.open("div").element("dt", name).open("dd");
        out.element("code", shown, "title", value);
        if (dirty) {
            out.text(" with changes");
        }
        out.close().close();
    }

    private static String machineTitle(String name) {
        return switch (name) {
            case "cpu" -> "Processor";
            case "cores" -> "Cores";
            case "memory" -> "Memory";
            case "os" -> "System";
            case "jdk" -> "JDK";
            case "libtorch" -> "LibTorch";
            case "blas" -> "BLAS";
            case "workers" -> "Workers";
            default -> name;
        };
    }

    private static String yaml(Map<String, Object> config) {
        try {
            return YAMLMapper.builder()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .build()
                    .writeValueAsString(config)
                    .strip();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the configuration cannot be written as YAML", e);
        }
    }
}
