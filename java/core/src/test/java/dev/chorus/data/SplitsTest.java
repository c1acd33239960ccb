package dev.chorus.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitsTest {
    private static final List<Example> DEVEL = examples("devel", 6);
    private static final List<Example> TEST = examples("test", 8);

    @Test
    void aDrawIsAFunctionOfTheSeed() {
        List<Example> pool = examples("pool", 40);

        Splits<Example> one = draw(pool, 15, 10, 7);

        assertThat(draw(pool, 15, 10, 7)).isEqualTo(one);
        assertThat(draw(pool, 15, 10, 8).gold()).isNotEqualTo(one.gold());
        assertThat(one.gold()).hasSize(15).isNotEqualTo(pool.subList(0, 15));
        assertThat(one.weak()).hasSize(10);
        assertThat(one.devel()).isEqualTo(DEVEL.subList(0, 4));
        assertThat(one.test()).isEqualTo(TEST);
    }

    @Test
    void goldAndWeakShareNoSentenceEvenIfTogetherTheyEmptyThePool() {
        for (long seed = 0; seed < 20; seed++) {
            Splits<Example> splits = draw(examples("pool", 25), 15, 10, seed);
            Set<String> gold = new HashSet<>();
            splits.gold().forEach(example -> gold.add(example.sentence()));

            assertThat(gold).hasSize(15);
            assertThat(splits.weak()).noneMatch(example -> gold.contains(example.sentence()));
        }
    }

    @Test
    void sentencesOfDevelAndTestAndRepetitionsAreLeftOutOfTheDraw() {
        List<Example> pool = new ArrayList<>(examples("pool", 12));
        pool.add(example("devel 5")); // Not among the four of devel that are used, and left out all the same.
        pool.add(example("test 3"));
        pool.add(example("  TEST   4 "));
        pool.add(example("pool 2"));
        Set<String> free = new HashSet<>();
        examples("pool", 12).forEach(example -> free.add(example.sentence()));

        for (long seed = 0; seed < 10; seed++) {
            Splits<Example> splits = draw(pool, 7, 5, seed);
            Set<String> drawn = new HashSet<>();
            splits.gold().forEach(example -> drawn.add(example.sentence()));
            splits.weak().forEach(example -> drawn.add(example.sentence()));
            assertThat(drawn).isEqualTo(free);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cafe\u0301 in zu\u0308rich", // Decomposed.
                "\uFF43\uFF41\uFF46\u00e9 in z\u00fcrich", // Full width.
                "CAF\u00c9 IN Z\u00dcRICH",
                "\u00abcaf\u00e9\u00a0in  z\u00fcrich!\u00bb",
                "caf\u00e9 in z\u00fc\u00adrich ...", // A soft hyphen.
            })
    void sentencesThatDifferInEncodingCaseOrOuterPunctuationAreTheSame(String other) {
        String sentence = "caf\u00e9 in z\u00fcrich";
        List<Example> tested = List.of(example(sentence));
        List<Example> some = List.of(example("some"));
        List<Example> more = List.of(example("more"));
        assertThatThrownBy(() -> new Splits<>(some, List.of(example(other)), more, tested).refuseLeaks())
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("test: sentence ")
                .hasMessageContaining("is in split 'weak' too");
        Splits<Example> splits = new Splits<>(some, more, List.of(example("devel")), tested);
        assertThatThrownBy(() -> splits.refuseLeaks(List.of("one", other), "plain.txt"))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("plain.txt:2: ");
        splits.refuseLeaks(List.of("cafe in zurich", "caf\u00e9 in", "caf\u00e9, in z\u00fcrich", "?"), "plain.txt");

        List<Example> pool = new ArrayList<>(examples("pool", 11));
        pool.add(example(other));
        assertThatThrownBy(() -> Splits.draw(pool, more, tested, 7, 5, 1, 0, "pool.jsonl"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("11 sentences");
    }

    @Test
    void punctuationAloneIsASentenceOfItsOwn() {
        new Splits<>(List.of(example("?")), List.of(example("!")), DEVEL, TEST).refuseLeaks();
    }

    @Test
    void aPoolThatIsTooSmallIsNamedWithTheNumbers() {
        List<Example> pool = new ArrayList<>(examples("pool", 11));
        pool.add(example("test 3"));

        assertThatThrownBy(() -> draw(pool, 7, 5, 0))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("pool.jsonl: ")
                .hasMessageContaining("11 sentences")
                .hasMessageContaining("gold 7 and weak 5 need 12");
    }

    @Test
    void aSentenceInTwoSplitsIsRefusedAndBothAreNamed() {
        List<Example> gold = examples("gold", 3);
        List<Example> weak = examples("weak", 3);
        new Splits<>(gold, weak, DEVEL, TEST).refuseLeaks();
        List<List<Example>> all = List.of(gold, weak, DEVEL, TEST);
        List<String> names = List.of("gold", "weak", "devel", "test");

        for (int a = 0; a < 4; a++) {
            for (int b = a + 1; b < 4; b++) {
                List<List<Example>> leaky = new ArrayList<>(all);
                List<Example> more = new ArrayList<>(all.get(b));
                String sentence = all.get(a).get(1).sentence();
                more.add(example(
                        " " + sentence.toUpperCase(java.util.Locale.ROOT).replace(" ", "  ")));
                leaky.set(b, more);
                Splits<Example> splits = new Splits<>(leaky.get(0), leaky.get(1), leaky.get(2), leaky.get(3));

                assertThatThrownBy(splits::refuseLeaks)
                        .as("%s and %s", names.get(a), names.get(b))
                        .isInstanceOf(DataException.class)
                        .hasMessageStartingWith(names.get(b) + ": sentence ")
                        .hasMessageContaining("is in split '" + names.get(a) + "' too");
            }
        }
    }

    @Test
    void anEmptySplitIsRefusedByName() {
        List<Example> some = examples("some", 1);
        List<Example> more = examples("more", 1);
        assertThatThrownBy(() -> new Splits<>(some, more, List.of(), TEST).refuseLeaks())
                .isInstanceOf(DataException.class)
                .hasMessage("devel: this split is empty");
        assertThatThrownBy(() -> new Splits<>(some, more, DEVEL, List.of()).refuseLeaks())
                .isInstanceOf(DataException.class)
                .hasMessage("test: this split is empty");
        assertThatThrownBy(() -> draw(examples("pool", 40), 0, 5, 0))
                .isInstanceOf(DataException.class)
                .hasMessage("gold: this split is empty");
    }

    @Test
    void anUnlabelledLineThatIsATestSentenceIsRefusedWithItsLine() {
        Splits<Example> splits = draw(examples("pool", 40), 15, 10, 0);
        List<String> lines = new ArrayList<>(List.of("one", "two", "pool 1", "devel 2"));
        splits.refuseLeaks(lines, "plain.txt");
        lines.add(" Test  6");

        assertThatThrownBy(() -> splits.refuseLeaks(lines, "plain.txt"))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("plain.txt:5: ")
                .hasMessageContaining("split 'test'");
    }

    @Test
    void theBuiltInPoolServesTheSplitsOfThePaper() {
        Splits<Example> splits = Splits.draw(
                builtIn("hwu64/train.jsonl"),
                builtIn("slurp/devel.jsonl"),
                builtIn("slurp/test.jsonl"),
                2000,
                2000,
                2033,
                0,
                "pool");
        splits.refuseLeaks(
                DataSource.open("builtin:slurp/unlabelled.txt", java.nio.file.Path.of("."))
                        .lines(),
                "unlabelled");

        assertThat(splits.devel()).hasSize(2033);
        List<String> ids = new ArrayList<>();
        splits.gold().forEach(example -> ids.add(example.sentence()));
        splits.weak().forEach(example -> ids.add(example.sentence()));
        assertThat(Collections.disjoint(
                        ids, splits.test().stream().map(Example::sentence).toList()))
                .isTrue();
    }

    private static List<Example> builtIn(String name) {
        return ExampleReader.read(DataSource.open("builtin:" + name, java.nio.file.Path.of(".")));
    }

    private static Splits<Example> draw(List<Example> pool, int gold, int weak, long seed) {
        return Splits.draw(pool, DEVEL, TEST, gold, weak, 4, seed, "pool.jsonl");
    }

    private static List<Example> examples(String name, int count) {
        return IntStream.range(0, count).mapToObj(i -> example(name + " " + i)).toList();
    }

    private static Example example(String sentence) {
        return example(sentence, "alarm");
    }

    private static Example example(String sentence, String scenario) {
        return new Example("1", sentence, scenario, List.of());
    }
}
