package dev.chorus.task.slurp;

import dev.chorus.data.DataSource;
import dev.chorus.data.Example;
import dev.chorus.data.ExampleReader;
import dev.chorus.eval.SluF1;
import dev.chorus.task.Task;
import dev.chorus.task.TextLesson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The slots of a sentence, written as text ({@link SlotText}) and scored by SLU-F1. */
public final class SlotTask implements Task<Example> {
    @Override
    public String key() {
        return "slots";
    }

    @Override
    public String title() {
        return "Slot filling as generation";
    }

    @Override
    public Kind kind() {
        return Kind.TEXTS;
    }

    @Override
    public List<Example> read(DataSource source) {
        return ExampleReader.read(source);
    }

    @Override
    public TextLesson<Example> lesson(List<Example> pool) {
        return new Slots(new SlotText(SlotText.typesOf(pool)));
    }

    private record Slots(SlotText slots) implements TextLesson<Example> {
        @Override
        public String metric() {
            return "slu_f1";
        }

        @Override
        public String gold(Example example) {
            return SlotText.write(example.entities());
        }

        @Override
        public Map<String, Double> score(List<Example> examples, List<String> answers) {
            SluF1 score = SluF1.corpus(
                    examples.stream().map(Example::entities).toList(),
                    answers.stream().map(slots::read).toList());
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("slu_f1", score.slu().f1());
            figures.put("precision", score.slu().precision());
            figures.put("recall", score.slu().recall());
            figures.put("word_f1", score.word().f1());
            figures.put("char_f1", score.character().f1());
            figures.put("exact_f1", score.exact().f1());
            return figures;
        }
    }
}
