package dev.chorus;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Who may import whom. The packages are rooms of a house, and arrows point down only: a room may use every room of a
 * lower floor, never one above it or beside it. A package that does not exist yet breaks no rule.
 */
class ArchitectureTest {

    private static final String ROOT = "dev.chorus";

    /** From the top floor to the ground. A new package gets its place here. */
    private static final List<Set<String>> FLOORS = List.of(
            Set.of("experiment"),
            Set.of("ensemble"),
            Set.of("supervise"),
            Set.of("task", "train"),
            Set.of("loss", "model", "data", "aggregate", "reliability", "probe", "stage"),
            Set.of("kernels", "text", "config", "results"),
            Set.of("eval", "labels"),
            Set.of("torch", "math", "files", "bindings"));

    /** The only room that calls the generated bindings. */
    private static final String CALLS_BINDINGS = "kernels";

    /** Rooms of plain arrays: they run where no native library can be loaded. */
    private static final List<String> WITHOUT_LIBTORCH =
            List.of("aggregate", "reliability", "probe", "eval", "math", "files", "labels", "config");

    private static final JavaClasses ENGINE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    @TestFactory
    Stream<DynamicTest> everyRoomSeesOnlyLowerFloors() {
        return rooms().stream()
                .map(room -> dynamicTest(room + " may use " + visibleFrom(room), () -> arrowsOf(ROOT, room)
                        .check(ENGINE)));
    }

    @TestFactory
    Stream<DynamicTest> plainRoomsNeedNoLibTorch() {
        return WITHOUT_LIBTORCH.stream()
                .map(room -> dynamicTest(room, () -> noClasses()
                        .that()
                        .resideInAPackage(in(ROOT, room))
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage("org.bytedeco..", in(ROOT, "torch"))
                        .because("labels are aggregated and scored where no model runs")
                        .allowEmptyShould(true)
                        .check(ENGINE)));
    }

    @Test
    void everyPackageHasItsRoom() {
        String[] known = Stream.concat(Stream.of(ROOT), rooms().stream().map(room -> in(ROOT, room)))
                .toArray(String[]::new);
        classes()
                .should()
                .resideInAnyPackage(known)
                .because("a package without a floor escapes every rule; give it one in FLOORS")
                .check(ENGINE);
    }

    /** A reader who opens a folder is told what it is for. */
    @Test
    void everyPackageSaysWhatItIsFor() throws IOException {
        for (String sources : List.of("src/main/java", "../cli/src/main/java", "../../benchmarks/src/main/java")) {
            try (Stream<Path> files = Files.walk(Path.of(sources))) {
                assertThat(files.filter(file -> file.toString().endsWith(".java"))
                                .map(Path::getParent)
                                .distinct())
                        .isNotEmpty()
                        .allSatisfy(folder ->
                                assertThat(folder.resolve("package-info.java")).exists());
            }
        }
    }

    /** Whoever reads one of two files that need each other has to read both: a file is understood with those below it. */
    @Test
    void noCircleBetweenFiles() {
        Map<String, Set<String>> uses = new TreeMap<>();
        for (JavaClass each : ENGINE) {
            String file = fileOf(each);
            Set<String> used = uses.computeIfAbsent(file, key -> new TreeSet<>());
            for (Dependency dependency : each.getDirectDependenciesFromSelf()) {
                String other = fileOf(dependency.getTargetClass());
                if (other.startsWith(ROOT + ".") && !other.equals(file) && !other.startsWith(ROOT + ".bindings")) {
                    used.add(other);
                }
            }
        }
        assertThat(circles(uses)).isEmpty();
    }

    /** The files that can be reached from themselves, with the way. */
    private static List<List<String>> circles(Map<String, Set<String>> uses) {
        List<List<String>> circles = new ArrayList<>();
        Set<String> done = new TreeSet<>();
        for (String file : uses.keySet()) {
            follow(file, new ArrayList<>(), uses, done, circles);
        }
        return circles;
    }

    private static void follow(
            String file,
            List<String> way,
            Map<String, Set<String>> uses,
            Set<String> done,
            List<List<String>> circles) {
        int at = way.indexOf(file);
        if (at >= 0) {
            circles.add(List.copyOf(way.subList(at, way.size())));
        } else if (done.add(file)) {
            way.add(file);
            uses.getOrDefault(file, Set.of()).forEach(next -> follow(next, way, uses, done, circles));
            way.remove(way.size() - 1);
        } else {
            // Looked at before; a circle through it was found then.
            return;
        }
    }

    private static String fileOf(JavaClass type) {
        String name = type.getBaseComponentType().getName();
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }

    @Test
    void aCircleIsFound() {
        assertThat(circles(new TreeMap<>(Map.of("a", Set.of("b"), "b", Set.of("c"), "c", Set.of("b")))))
                .containsExactly(List.of("b", "c"));
        assertThat(circles(Map.of("a", Set.of("b", "c"), "b", Set.of("c"), "c", Set.of())))
                .isEmpty();
    }

    @Test
    void nothingIsCalledUtil() {
        noClasses()
                .should()
                .resideInAnyPackage("..util..", "..utils..")
                .because("a name says what the thing does")
                .check(ENGINE);
    }

    @Test
    void theRulesAreThoseOfTheHouse() {
        assertThat(rooms()).hasSize(22);
        assertThat(visibleFrom("experiment")).hasSize(20).doesNotContain("experiment", "bindings");
        assertThat(visibleFrom("kernels")).containsExactly("bindings", "eval", "files", "labels", "math", "torch");
        assertThat(visibleFrom("text")).containsExactly("eval", "files", "labels", "math", "torch");
        assertThat(visibleFrom("model"))
                .containsExactly("config", "eval", "files", "kernels", "labels", "math", "results", "text", "torch");
        assertThat(visibleFrom("torch")).isEmpty();
    }

    /**
     * {@code house.eval.Climber} uses {@code house.aggregate.Upstairs}: a rule that cannot fail would prove nothing.
     */
    @Test
    void anArrowThatClimbsIsFound() {
        JavaClasses house = new ClassFileImporter().importPackages("dev.chorus.house");
        assertThatThrownBy(() -> arrowsOf("dev.chorus.house", "eval").check(house))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("dev.chorus.house.eval.Climber");
        arrowsOf("dev.chorus.house", "aggregate").check(house);
    }

    private static ArchRule arrowsOf(String root, String room) {
        Set<String> forbidden = rooms();
        forbidden.removeAll(visibleFrom(room));
        forbidden.remove(room);
        return noClasses()
                .that()
                .resideInAPackage(in(root, room))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        forbidden.stream().map(other -> in(root, other)).toArray(String[]::new))
                .allowEmptyShould(true);
    }

    /** Rooms of the floors below, without the bindings for all but one. */
    private static Set<String> visibleFrom(String room) {
        Set<String> visible = new TreeSet<>();
        boolean below = false;
        for (Set<String> floor : FLOORS) {
            if (below) {
                visible.addAll(floor);
            }
            below |= floor.contains(room);
        }
        if (!room.equals(CALLS_BINDINGS)) {
            visible.remove("bindings");
        }
        return visible;
    }

    private static Set<String> rooms() {
        Set<String> rooms = new TreeSet<>();
        FLOORS.forEach(rooms::addAll);
        return rooms;
    }

    private static String in(String root, String room) {
        return root + "." + room + "..";
    }
}
