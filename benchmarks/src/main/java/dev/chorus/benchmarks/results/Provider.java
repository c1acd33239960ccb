package dev.chorus.benchmarks.results;

import java.util.Arrays;
import java.util.Comparator;

/** Who computes; a benchmark's method starts with the name, and the direction follows. */
enum Provider {
    /** Our op through its Java facade. */
    CHORUS("chorus"),
    /** The op's plain definition in Java, one thread. */
    REFERENCE("reference"),
    /** A composition of LibTorch's operators that gives no more than is needed. */
    LIBTORCH("libtorch"),
    /** A composition of LibTorch's operators that gives everything that ours gives, where that is more. */
    LIBTORCH_ALL("libtorchAll"),
    /** What no implementation can do without: reading the input, or the products of matrices alone. */
    FLOOR("floor");

    private final String text;

    Provider(String text) {
        this.text = text;
    }

    /** As in methods and in the results. */
    String text() {
        return text;
    }

    /** Whose method it is. */
    static Provider ofMethod(String method) {
        return Arrays.stream(values())
                .filter(provider -> method.startsWith(provider.text))
                .max(Comparator.comparing(provider -> provider.text.length()))
                .orElseThrow(() -> new IllegalArgumentException(
                        method + ": expected a method that starts with the name of a provider"));
    }

    /** The method's direction: forward, backward or forwardBackward. */
    String direction(String method) {
        String direction = method.substring(text.length());
        if (direction.isEmpty()) {
            throw new IllegalArgumentException(method + ": expected a direction after the provider");
        }
        return Character.toLowerCase(direction.charAt(0)) + direction.substring(1);
    }

    static Provider of(String text) {
        return Arrays.stream(values())
                .filter(provider -> provider.text.equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("provider: got " + text));
    }
}
