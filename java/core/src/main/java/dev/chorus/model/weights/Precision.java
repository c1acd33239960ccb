package dev.chorus.model.weights;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Numbers that matrix products work on. Norms, softmax, the residual stream and losses are f32 in both. */
public enum Precision {
    /** float32. */
    F32(ScalarType.Float, "float32"),
    /** bfloat16: eight bits of mantissa; sums inside a product are f32. */
    BF16(ScalarType.BFloat16, "bfloat16");

    private final ScalarType type;
    private final String torchName;

    Precision(ScalarType type, String torchName) {
        this.type = type;
        this.torchName = torchName;
    }

    /** LibTorch's name for it. */
    public ScalarType type() {
        return type;
    }

    /** What {@code config.json} calls it. */
    public String torchName() {
        return torchName;
    }

    /**
     * By its short name.
     *
     * @throws IllegalArgumentException if it is neither {@code f32} nor {@code bf16}
     */
    public static Precision named(String name) {
        return Arrays.stream(values())
                .filter(each -> each.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("precision '" + name + "' is not known; there are "
                        + Arrays.stream(values())
                                .map(each -> each.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "))));
    }
}
