package dev.chorus.model.checkpoint;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;

/** Numbers of the stored types by bit arithmetic, and the bytes of tensors. */
final class StoredBits {
    private StoredBits() {}

    /** The bytes of a CPU tensor, row-major. */
    static byte[] bytes(Tensor tensor) {
        byte[] bytes =
                new byte[Math.toIntExact(tensor.numel() * StoredType.of(tensor).bytesPerElement())];
        if (bytes.length > 0) {
            new BytePointer(tensor.contiguous().data_ptr()).get(bytes);
        }
        return bytes;
    }

    /** The elements of a CPU tensor as their bits, 32 or 16 of them. */
    static int[] bits(Tensor tensor) {
        byte[] bytes = bytes(tensor);
        int size = StoredType.of(tensor).bytesPerElement();
        int[] bits = new int[bytes.length / size];
        for (int i = 0; i < bits.length; i++) {
            for (int j = size - 1; j >= 0; j--) {
                bits[i] = (bits[i] << 8) | (bytes[i * size + j] & 0xff);
            }
        }
        return bits;
    }

    /** What float32 these bits of a stored type are; always exact. */
    static float value(StoredType type, int bits) {
        return switch (type) {
            case F32 -> Float.intBitsToFloat(bits);
            case BF16 -> Float.intBitsToFloat(bits << 16);
            case F16 -> half(bits);
            default -> throw new IllegalArgumentException(type.name());
        };
    }

    private static float half(int bits) {
        int exponent = (bits >> 10) & 31;
        int fraction = bits & 1023;
        double magnitude;
        if (exponent == 31) {
            magnitude = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        } else if (exponent == 0) {
            magnitude = fraction * 0x1p-24;
        } else {
            magnitude = (1024 + fraction) * Math.pow(2, exponent - 25);
        }
        return (float) ((bits & 0x8000) == 0 ? magnitude : -magnitude);
    }

    /** The bits of the nearest number of a type, ties to even; for a float that is no NaN. */
    static int nearest(StoredType type, float value) {
        int bits = Float.floatToRawIntBits(value);
        return switch (type) {
            case F32 -> bits;
            // Half of the last place, less one unless the place is odd; the carry makes the largest an infinity.
            case BF16 -> (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
            default -> throw new IllegalArgumentException(type.name());
        };
    }
}
