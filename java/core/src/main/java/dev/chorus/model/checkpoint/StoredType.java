package dev.chorus.model.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The element types of the safetensors format, under the names that stand in its headers.
 *
 * <p>{@link #F32}, {@link #F16}, {@link #BF16} and {@link #F64} are weights. The others are known by their size alone, so that a file
 * that holds one (a mask, a counter) is checked like any other and its weights can be read.
 */
public enum StoredType {
    /** IEEE 754 single precision. */
    F32(32, ScalarType.Float),
    /** IEEE 754 half precision. */
    F16(16, ScalarType.Half),
    /** The upper half of a single. */
    BF16(16, ScalarType.BFloat16),
    /** IEEE 754 double precision; read as a weight, rounded to single, and never written. */
    F64(64, ScalarType.Double),
    /** Two singles. */
    C64(64),
    /** Eight bits with 4 of exponent and 3 of mantissa. */
    F8_E4M3(8),
    /** Eight bits with 5 of exponent and 2 of mantissa. */
    F8_E5M2(8),
    /** As F8_E4M3, finite, with one zero and one NaN. */
    F8_E4M3FNUZ(8),
    /** As F8_E5M2, finite, with one zero and one NaN. */
    F8_E5M2FNUZ(8),
    /** Eight bits of exponent. */
    F8_E8M0(8),
    /** Six bits with 2 of exponent and 3 of mantissa, packed. */
    F6_E2M3(6),
    /** Six bits with 3 of exponent and 2 of mantissa, packed. */
    F6_E3M2(6),
    /** Four bits, two to a byte. */
    F4(4),
    /** Signed, eight bytes. */
    I64(64),
    /** Signed, four bytes. */
    I32(32),
    /** Signed, two bytes. */
    I16(16),
    /** Signed, one byte. */
    I8(8),
    /** Unsigned, eight bytes. */
    U64(64),
    /** Unsigned, four bytes. */
    U32(32),
    /** Unsigned, two bytes. */
    U16(16),
    /** Unsigned, one byte. */
    U8(8),
    /** One byte, 0 or 1. */
    BOOL(8);

    /** For messages. */
    static final String WEIGHTS = Arrays.stream(values())
            .filter(StoredType::isWeight)
            .map(StoredType::name)
            .collect(Collectors.joining(", "));

    private final int bits;
    private final ScalarType scalarType;

    StoredType(int bits) {
        this(bits, null);
    }

    StoredType(int bits, ScalarType scalarType) {
        this.bits = bits;
        this.scalarType = scalarType;
    }

    /** Bits an element; fewer than eight are packed. */
    public int bits() {
        return bits;
    }

    /** Whether a tensor of this type can be read and written as a weight. */
    public boolean isWeight() {
        return scalarType != null;
    }

    /**
     * Bytes an element.
     *
     * @throws IllegalStateException if this is no weight's type
     */
    public int bytesPerElement() {
        requireWeight();
        return bits / 8;
    }

    /**
     * LibTorch's name of this type.
     *
     * @throws IllegalStateException if this is no weight's type
     */
    public ScalarType scalarType() {
        requireWeight();
        return scalarType;
    }

    /**
     * The type of a tensor's elements.
     *
     * @throws IllegalArgumentException if it is no weight's type
     */
    public static StoredType of(Tensor tensor) {
        ScalarType found = tensor.scalar_type().intern();
        for (StoredType type : values()) {
            if (type.scalarType == found) {
                return type;
            }
        }
        throw new IllegalArgumentException(
                "a tensor of " + found + " cannot be stored as a weight; supported: " + WEIGHTS);
    }

    /** The type of this name in a header, if there is one. */
    static Optional<StoredType> named(String name) {
        return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
    }

    private void requireWeight() {
        if (scalarType == null) {
            throw new IllegalStateException(this + " is no weight's type; supported: " + WEIGHTS);
        }
    }
}
