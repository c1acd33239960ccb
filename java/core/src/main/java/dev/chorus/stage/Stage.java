package dev.chorus.stage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** One step of a run: what it depends on, what it does, and the hash under which its output is stored. */
public final class Stage {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What a stage does. It reads its inputs' folders and writes files into its own. */
    @FunctionalInterface
    public interface Body {
        void run(Context context) throws IOException;
    }

    /** What a running stage is given. */
    public interface Context {
        /** The folder to write to; it becomes the stage's output when the body returns. */
        Path out();

        /** The finished folder of an input. */
        Path of(Stage input);

        /** Says how far it is, 0 to 1; ends the stage if the run has failed elsewhere. */
        void progress(double fraction, String message);
    }

    private final String kind;
    private final String id;
    private final double work;
    private final List<Stage> inputs;
    private final Body body;
    private final String hash;

    /**
     * @param kind     one of the kinds of {@link ProgressListener.StageView}
     * @param id       unique in the run, begins with the kind
     * @param work     estimated cost
     * @param settings all that the output depends on besides the inputs and the engine's build
     */
    public Stage(
            String kind, String id, double work, List<Stage> inputs, ObjectNode settings, String build, Body body) {
        this.kind = kind;
        this.id = id;
        this.work = work;
        this.inputs = List.copyOf(inputs);
        this.body = body;
        ObjectNode all = JSON.createObjectNode();
        all.put("kind", kind);
        all.set("settings", settings);
        all.put("build", build);
        inputs.forEach(input -> all.withArray("inputs").add(input.hash));
        hash = Hashes.of((JsonNode) all);
    }

    public String kind() {
        return kind;
    }

    public String id() {
        return id;
    }

    public double work() {
        return work;
    }

    public List<Stage> inputs() {
        return inputs;
    }

    public Body body() {
        return body;
    }

    /** SHA-256 (hex) of all that the output depends on. */
    public String hash() {
        return hash;
    }
}
