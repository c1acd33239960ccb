package dev.chorus.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.results.Results;
import dev.chorus.results.Results.Curve;
import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Judged;
import dev.chorus.results.Results.Model;
import dev.chorus.results.Results.Point;
import dev.chorus.results.Results.Task;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class HtmlReportTest {
    private static final String DOCTYPE = "<!DOCTYPE html>\n";

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void pageIsWellFormed(int seeds) throws Exception {
        parse(HtmlReport.render(SampleResults.of(seeds)));
    }

    @Test
    void idsAreUniqueAndEveryReferenceHasItsTarget() throws Exception {
        Document page = parse(HtmlReport.render(SampleResults.of(5)));
        Set<String> ids = new HashSet<>();
        for (Element element : elements(page, "*")) {
            if (element.hasAttribute("id")) {
                assertThat(ids.add(element.getAttribute("id")))
                        .as(element.getAttribute("id"))
                        .isTrue();
            }
        }
        for (Element element : elements(page, "*")) {
            if (element.hasAttribute("aria-labelledby")) {
                assertThat(ids).contains(element.getAttribute("aria-labelledby").split(" "));
            }
        }
    }

    @Test
    void everyChartHasTitleAndDescription() throws Exception {
        List<Element> charts = elements(parse(HtmlReport.render(SampleResults.of(5))), "svg");
        assertThat(charts).hasSizeGreaterThan(20);
        for (Element chart : charts) {
            assertThat(chart.getElementsByTagName("title").item(0).getTextContent())
                    .isNotBlank();
            assertThat(chart.getElementsByTagName("desc").item(0).getTextContent())
                    .isNotBlank();
        }
    }

    @Test
    void nothingIsLoadedFromElsewhere() throws Exception {
        String page = HtmlReport.render(SampleResults.of(5));
        assertThat(page).doesNotContain("http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link");
        assertThat(elements(parse(page), "script")).isEmpty();
    }

    @Test
    void sentencesAndNamesAreTextNeverMarkup() throws Exception {
        String page = HtmlReport.render(SampleResults.of(5));
        assertThat(page).contains("&lt;script&gt;alert(1)&lt;/script&gt;").doesNotContain("<script>");
        Document document = parse(page);
        assertThat(elements(document, "b")).isEmpty();
        assertThat(document.getDocumentElement().getTextContent()).contains("<script>alert(1)</script>");
    }

    @Test
    void oneSeedShowsNoInterval() {
        String page = HtmlReport.render(SampleResults.of(1));
        assertThat(page).contains("One seed, so no interval.").doesNotContain("class=\"bounds\"", "class=\"whisker");
        assertThat(page).contains("With one value each there is no interval");
    }

    @Test
    void undefinedIsAWordAndHasNoBar() throws Exception {
        Interval none = new Interval(null, null, null, 0);
        Interval notANumber = new Interval(Double.NaN, Double.NaN, Double.NaN, 2);
        Results results = withMetrics(SampleResults.of(2), Map.of("pgr_mean", none, "pgr_best", notANumber));
        String page = HtmlReport.render(results);
        parse(page);
        assertThat(page)
                .contains("<span class=\"undefined\">undefined</span>")
                .doesNotContain("NaN", "null", "class=\"bar ");
        assertThat(page).contains("no student has a share of it that is defined");
    }

    @Test
    void emptyTaskAndOnePointCurvesAreDrawn() throws Exception {
        Results sample = SampleResults.of(1);
        Curve point = new Curve("naive", "student", 0, List.of(new Point(10, 1.5, null)));
        Curve broken = new Curve("best", "student", 0, List.of(new Point(10, Double.NaN, null)));
        Task empty = new Task("scenario", "Nothing", "accuracy", List.of(), List.of(point, broken), List.of());
        String page = HtmlReport.render(with(sample, List.of(empty)));
        parse(page);
        assertThat(page).contains("The gap is undefined").doesNotContain("NaN");
    }

    @Test
    void judgedWeakModelsHaveATable() throws Exception {
        Results sample = SampleResults.of(1);
        Task task = sample.tasks().get(0);
        assertThat(HtmlReport.render(sample)).doesNotContain("Judged weak models");
        Task judged = new Task(
                task.task(),
                task.title(),
                task.metric(),
                task.models(),
                task.curves(),
                task.unsure(),
                List.of(new Judged(3, "devel", 1234, List.of("a <b>", "b"), List.of(0.61234, 0.5), null, 1.46)));
        String page = HtmlReport.render(with(sample, List.of(judged)));
        parse(page);
        assertThat(page)
                .contains("On items of devel", "a &lt;b&gt;", "0.612", "1,234", ">1.5<", ">undefined<")
                .doesNotContain("null");
    }

    @Test
    void writesWholeFileOverAnOlderOneAndLeavesNothingElse(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("report.html");
        Files.writeString(file, "older");
        HtmlReport.write(SampleResults.of(2), file);
        assertThat(file).content().startsWith(DOCTYPE).endsWith("</html>\n");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void failsWithoutHalfAFileWhereItCannotWrite(@TempDir Path folder) throws IOException {
        Path taken =
                Files.createDirectories(folder.resolve("report.html/inside")).getParent();
        assertThatThrownBy(() -> HtmlReport.write(SampleResults.of(1), taken)).isInstanceOf(IOException.class);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(taken);
        }
    }

    private static Results withMetrics(Results results, Map<String, Interval> replaced) {
        List<Task> tasks = results.tasks().stream()
                .map(t -> new Task(
                        t.task(),
                        t.title(),
                        t.metric(),
                        t.models().stream().map(m -> withMetrics(m, replaced)).toList(),
                        t.curves(),
                        t.unsure()))
                .toList();
        return with(results, tasks);
    }

    private static Model withMetrics(Model model, Map<String, Interval> replaced) {
        Map<String, Interval> metrics = new HashMap<>(model.metrics());
        metrics.replaceAll((name, value) -> replaced.getOrDefault(name, value));
        return new Model(model.id(), model.title(), model.role(), model.parameters(), metrics, model.reliability());
    }

    private static Results with(Results r, List<Task> tasks) {
        return new Results(
                r.schema(),
                r.name(),
                r.configHash(),
                r.commit(),
                r.build(),
                r.stages(),
                r.started(),
                r.wallSeconds(),
                r.stagesRun(),
                r.stagesReused(),
                r.peakResidentBytes(),
                r.machine(),
                r.seeds(),
                r.data(),
                r.config(),
                tasks,
                r.figures());
    }

    private static Document parse(String page) throws Exception {
        assertThat(page).startsWith(DOCTYPE);
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(page.substring(DOCTYPE.length()))));
    }

    private static List<Element> elements(Document document, String tag) {
        NodeList nodes = document.getElementsByTagName(tag);
        return Stream.iterate(0, i -> i + 1)
                .limit(nodes.getLength())
                .map(i -> (Element) nodes.item(i))
                .toList();
    }
}
