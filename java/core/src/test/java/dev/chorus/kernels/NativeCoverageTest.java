package dev.chorus.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.chorus.bindings.ChorusNative;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every function of the C interface is called by a facade method that some test calls; no binding is dead. */
class NativeCoverageTest {
    @Test
    void everyNativeFunctionIsReachedByATest() {
        JavaClasses classes = new ClassFileImporter().importPackages("dev.chorus.bindings", "dev.chorus.kernels");
        JavaClass binding = classes.get(ChorusNative.class);
        Set<String> functions = binding.getMethods().stream()
                .map(JavaMethod::getName)
                .filter(name -> name.startsWith("chorus_"))
                .collect(Collectors.toSet());
        Set<String> reached = binding.getMethods().stream()
                .filter(function -> function.getAccessesToSelf().stream()
                        .map(JavaAccess::getOwner)
                        .flatMap(facade -> facade.getAccessesToSelf().stream())
                        .anyMatch(access -> access.getOriginOwner().getName().endsWith("Test")
                                // raise() is called by every facade method, not by tests
                                || access.getTarget().getName().equals("raise")))
                .map(JavaMethod::getName)
                .collect(Collectors.toSet());
        assertThat(functions).hasSizeGreaterThanOrEqualTo(7);
        assertThat(reached).containsAll(functions);
    }
}
