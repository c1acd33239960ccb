package dev.chorus.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class EscapeTest {
    @Test
    void markupBecomesEntities() {
        assertThat(Escape.escape("<a b=\"c\">&'")).isEqualTo("&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
    }

    @Test
    void whatXmlForbidsIsReplaced() {
        assertThat(Escape.escape("a\u0000\u0008\uD800b\uFFFF\n\u00e4\uD83D\uDE00"))
                .isEqualTo("a\uFFFD\uFFFD\uFFFDb\uFFFD\n\u00e4\uD83D\uDE00");
    }

    @Test
    void marksThatTurnTheDirectionAreNamed() {
        assertThat(Escape.escape("a\u202eb\u2066c\u05d0\u200f")).isEqualTo("a[U+202E]b[U+2066]c\u05d0[U+200F]");
        assertThat(new Markup().element("td", "x", "title", "\u202e").toString())
                .contains("title=\"[U+202E]\"");
    }

    @Test
    void markupIsBalanced() {
        assertThatThrownBy(() -> new Markup().open("p").toString()).hasMessage("not closed: [p]");
        assertThatThrownBy(() -> new Markup().empty("p")).hasMessageContaining("not a void element");
        assertThatThrownBy(() -> new Markup().open("p", "on click", "x")).hasMessageContaining("no attribute name");
    }
}
