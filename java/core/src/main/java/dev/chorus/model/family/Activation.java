package dev.chorus.model.family;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Activation functions of feed-forward parts, by the names that {@code config.json} uses for them. */
public enum Activation {
    /** max(x, 0). */
    RELU("relu"),
    /** x Phi(x), exactly (Hendrycks and Gimpel, arXiv:1606.08415). */
    GELU("gelu", "gelu_python"),
    /** The same with Phi by a tanh. */
    GELU_TANH("gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python_tanh"),
    /** x sigmoid(x). */
    SILU("silu", "swish"),
    /** x sigmoid(1.702 x). */
    QUICK_GELU("quick_gelu");

    @SuppressWarnings("ImmutableEnumChecker") // List.of makes no other
    private final List<String> names;

    Activation(String... names) {
        this.names = List.of(names);
    }

    /** By its name in a config. */
    static Optional<Activation> named(String name) {
        return Arrays.stream(values()).filter(each -> each.names.contains(name)).findFirst();
    }

    /** All names, for messages. */
    static String supported() {
        return Arrays.stream(values()).flatMap(each -> each.names.stream()).collect(Collectors.joining(", "));
    }
}
