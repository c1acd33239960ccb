package dev.chorus.experiment;

import dev.chorus.results.Results;
import dev.chorus.stage.ProgressListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A configuration that runs the whole main job in seconds. */
public final class Tiny {
    /** Relative to the module, where Maven runs the tests. */
    public static final Path YAML = Path.of("src/test/resources/tiny/tiny.yaml");

    private Tiny() {}

    public static Experiment load(String... overrides) {
        return Experiment.load(YAML, List.of(overrides), OptionalInt.empty());
    }

    public static Results run(Path out, String... overrides) {
        return load(overrides).run(out, false, ProgressListener.SILENT);
    }

    /** Remembers what it hears. */
    public static final class Listener implements ProgressListener {
        private final List<StageView> planned = new ArrayList<>();
        private final List<String> finished = new ArrayList<>();
        private final List<String> notes = new ArrayList<>();

        @Override
        public synchronized void planned(List<StageView> stages) {
            planned.addAll(stages);
        }

        @Override
        public synchronized void finished(StageView stage, double seconds) {
            finished.add(stage.id());
        }

        @Override
        public synchronized void note(String message) {
            notes.add(message);
        }

        public synchronized List<StageView> planned() {
            return List.copyOf(planned);
        }

        public synchronized List<String> finished() {
            return List.copyOf(finished);
        }

        public synchronized List<String> notes() {
            return List.copyOf(notes);
        }
    }
}
