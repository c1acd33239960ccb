package dev.chorus.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.text.Visible;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VisibleTest {
    @Test
    void ordinaryTextIsLeftAlone() {
        for (String text : new String[] {
            "",
            "gr\u00fc\u00df",
            "\u65e5\u672c",
            "\u05d0\u05d1",
            "e\u0301",
            "\uD83D\uDC68\u200D\uD83D\uDCBB",
            "\u2588\u2591",
            "a\u00a0b"
        }) {
            assertThat(Visible.line(text)).isSameAs(text);
        }
    }

    @Test
    void whatATerminalActsOnOrHidesIsSpelled() {
        assertThat(Visible.line("\u001b[2J")).isEqualTo("\\u001b[2J");
        assertThat(Visible.line("a\u0000\u0008\u007f\u009b1A\u0085"))
                .isEqualTo("a\\u0000\\u0008\\u007f\\u009b1A\\u0085");
        assertThat(Visible.line("\u202e\u2066\u200f\u061c")).isEqualTo("\\u202e\\u2066\\u200f\\u061c");
        assertThat(Visible.line("\u200b\ufeff\u00ad\u2028")).isEqualTo("\\u200b\\ufeff\\u00ad\\u2028");
        assertThat(Visible.line("\uDB40\uDC41 \uD83D!")).isEqualTo("\\u{e0041} \\ud83d!");
        assertThat(Visible.line("a\r\n\tb")).isEqualTo("a\\r\\n\\tb");
        assertThat(Visible.text("a\r\n\tb")).isEqualTo("a\\r\n\tb");
    }

    @Test
    void aWriterDoesItToAllThatPasses() throws IOException {
        StringWriter out = new StringWriter();
        try (PrintWriter writer = new PrintWriter(new VisibleWriter(out))) {
            writer.println("\u001b[31mred");
            writer.print('\u0007');
            writer.write("xx\u202eyy".toCharArray(), 1, 3);
        }
        assertThat(out).hasToString("\\u001b[31mred" + System.lineSeparator() + "\\u0007x\\u202ey");
    }

    @ParameterizedTest
    @CsvSource({
        "abc, 3",
        "gr\u00fc\u00df, 4",
        "e\u0301, 1",
        "\u65e5\u672c, 4",
        "\uD55C, 2",
        "\u1112\u1161\u11ab, 2",
        "\uFF21, 2",
        "\uD83D\uDE00, 2",
        "\u2588, 1"
    })
    void textHasColumns(String text, int columns) {
        assertThat(Columns.of(text)).isEqualTo(columns);
    }

    @Test
    void textIsCutBetweenWords() {
        assertThat(Columns.cut("one two three", 13)).isEqualTo("one two three");
        assertThat(Columns.cut("one two three", 12)).isEqualTo("one two");
        assertThat(Columns.cut("one two three", 7)).isEqualTo("one two");
        assertThat(Columns.cut("one two three", 6)).isEqualTo("one");
        assertThat(Columns.cut("one two three", 2)).isEqualTo("on");
        assertThat(Columns.cut("\u65e5\u672c\u8a9e", 5)).isEqualTo("\u65e5\u672c");
        assertThat(Columns.cut("cafe\u0301s", 4)).isEqualTo("cafe\u0301");
        assertThat(Columns.cut("3/12  student/slots/best", 20)).isEqualTo("3/12  student/slots");
        assertThat(Columns.cut("3/12  student/slots/best", 3)).isEqualTo("3/1");
        assertThat(Columns.cut("a", 0)).isEmpty();
    }
}
