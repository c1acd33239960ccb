package dev.chorus.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.data.DataException;
import dev.chorus.data.Example;
import dev.chorus.data.Splits;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClassLessonTest {
    private static final List<Example> FINE = List.of(example("b", "alarm"));

    @Test
    void classesAreThoseOfThePoolSorted() {
        ClassLesson<Example> lesson = ClassLesson.of(
                List.of(example("a", "play"), example("b", "alarm"), example("c", "play")), Example::scenario);
        assertThat(lesson.classes()).containsExactly("alarm", "play");
        assertThat(lesson.gold(List.of(example("d", "play"), example("e", "alarm"))))
                .containsExactly(1, 0);
    }

    @Test
    void aClassThatNoGoldExampleShowsIsRefusedByName() {
        List<Example> gold = List.of(example("a", "alarm"));
        List<Example> strange = List.of(example("c", "alarm"), example("d", "weather"));
        ClassLesson<Example> lesson = ClassLesson.of(strange, Example::scenario);
        lesson.check(new Splits<>(gold, FINE, FINE, FINE), 1);
        for (String split : List.of("weak", "devel", "test")) {
            Splits<Example> splits = new Splits<>(
                    gold,
                    split.equals("weak") ? strange : FINE,
                    split.equals("devel") ? strange : FINE,
                    split.equals("test") ? strange : FINE);
            assertThatThrownBy(() -> lesson.check(splits, 1))
                    .isInstanceOf(DataException.class)
                    .hasMessageStartingWith(split + ": class 'weather' (id ")
                    .hasMessageContaining("among the 1 gold sentences that the weak models learn from");
        }
    }

    /** What stands behind the part that the weak models learn from is shown to nobody. */
    @Test
    void onlyWhatTheWeakModelsLearnFromCounts() {
        List<Example> gold = List.of(example("a", "alarm"), example("b", "weather"));
        List<Example> weak = List.of(example("c", "weather"));
        ClassLesson<Example> lesson = ClassLesson.of(gold, Example::scenario);
        Splits<Example> splits = new Splits<>(gold, weak, FINE, FINE);
        lesson.check(splits, 2);
        assertThatThrownBy(() -> lesson.check(splits, 1))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("class 'weather'");
    }

    private static Example example(String sentence, String scenario) {
        return new Example("id-" + sentence, sentence, scenario, List.of());
    }
}
