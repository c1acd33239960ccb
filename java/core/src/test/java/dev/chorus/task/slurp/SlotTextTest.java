package dev.chorus.task.slurp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.data.Example;
import dev.chorus.eval.Entity;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlotTextTest {
    private static final Entity MEETING = new Entity("event_name", "team meeting");
    private static final Entity TOMORROW = new Entity("date", "tomorrow");
    private static final Entity FRIDAY = new Entity("date", "friday");

    private final SlotText slots = new SlotText(List.of("event_name", "date"));

    @Test
    void whatIsWrittenIsRead() {
        List<Entity> entities = List.of(MEETING, TOMORROW, FRIDAY, TOMORROW);

        String text = SlotText.write(entities);

        assertThat(text).isEqualTo("event_name: team meeting; date: tomorrow; date: friday; date: tomorrow");
        assertThat(slots.read(text)).isEqualTo(entities);
    }

    @Test
    void noSlotIsNone() {
        assertThat(SlotText.write(List.of())).isEqualTo("none");
        assertThat(slots.read("none")).isEmpty();
        assertThat(slots.read("")).isEmpty();
    }

    @Test
    void readingDropsOnlyThePiecesThatMakeNoSense() {
        assertThat(slots.read(
                        "date; colour: red; date:; date:  ; : friday; none; ;; event_name:team meeting ;date : friday"))
                .containsExactly(MEETING, FRIDAY);
    }

    @Test
    void aFillerKeepsItsFurtherColons() {
        assertThat(slots.read("date: 5:30 am")).containsExactly(new Entity("date", "5:30 am"));
    }

    @Test
    void typesAreThoseOfTheExamplesSorted() {
        List<Example> examples = List.of(
                new Example("1", "a", "s", List.of(MEETING)),
                new Example("2", "b", "s", List.of()),
                new Example("3", "c", "s", List.of(TOMORROW, FRIDAY)));

        assertThat(SlotText.typesOf(examples)).containsExactly("date", "event_name");
    }
}
