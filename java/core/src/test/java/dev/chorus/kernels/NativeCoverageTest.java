package dev.chorus.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every function of the C interface is called by a class that some test reaches through the kernels' classes; no binding is dead. */
class NativeCoverageTest {
    @Test
    void everyNativeFunctionIsReachedByATest() {
        expectAllReached(ChorusNative.class, "chorus_last_error", 24);
    }

    @Test
    void everyFunctionForCudaIsReachedByATest() {
        expectAllReached(ChorusCudaNative.class, "chorus_cuda_last_error", 20);
    }

    private static void expectAllReached(Class<?> bindingClass, String lastError, int least) {
        JavaClasses classes = new ClassFileImporter().importPackages("dev.chorus.bindings", "dev.chorus.kernels");
        JavaClass binding = classes.get(bindingClass);
        // Pointers to pointers make overloads of one name, of which one is enough.
        Map<String, List<JavaMethod>> functions = binding.getMethods().stream()
                .filter(method -> method.getName().startsWith("chorus_"))
                .collect(Collectors.groupingBy(JavaMethod::getName));
        // Every facade method asks for the last error, through raise().
        functions.remove(lastError);
        // For C programs that copy the word themselves; the C++ tests call it.
        functions.remove("chorus_cuda_fault_of");
        Set<String> dead = functions.entrySet().stream()
                .filter(function -> function.getValue().stream()
                        .flatMap(overload -> overload.getAccessesToSelf().stream())
                        .noneMatch(access -> isReachedByATest(access.getOriginOwner(), new HashSet<>())))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        assertThat(functions).hasSizeGreaterThanOrEqualTo(least);
        assertThat(dead).isEmpty();
    }

    /** Whether a test uses the class, or a class of the kernels does that a test reaches. */
    private static boolean isReachedByATest(JavaClass type, Set<JavaClass> seen) {
        return seen.add(type)
                && type.getAccessesToSelf().stream()
                        .map(JavaAccess::getOriginOwner)
                        .filter(user -> !user.equals(type))
                        .anyMatch(user -> user.getName().endsWith("Test") || isReachedByATest(user, seen));
    }
}
