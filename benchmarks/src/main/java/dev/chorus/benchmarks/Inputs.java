package dev.chorus.benchmarks;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Random inputs of LibTorch's generator; {@link #seed} first, so that every provider sees the same. On the caller's scope. */
public final class Inputs {
    private Inputs() {}

    /** Starts the sequence that the other methods draw from. */
    public static void seed() {
        torch.manual_seed(20_240_603);
    }

    /** f32, normal around 0. */
    public static Tensor normal(double deviation, long... shape) {
        return torch.randn(shape).mul_(Tensors.scalar(deviation));
    }

    /** f32, uniform. */
    public static Tensor uniform(double low, double high, long... shape) {
        return torch.rand(shape).mul_(Tensors.scalar(high - low)).add_(Tensors.scalar(low));
    }

    /** f32 rows that sum to 1 over the last dimension: softmax of normal numbers. */
    public static Tensor probabilities(double deviation, long... shape) {
        return torch.softmax(normal(deviation, shape), -1);
    }

    /** int64, uniform in [0, bound). */
    public static Tensor below(long bound, long... shape) {
        return torch.randint(bound, shape, new TensorOptions(ScalarType.Long));
    }

    /** f32, one value everywhere. */
    public static Tensor constant(double value, long... shape) {
        return Tensors.zeros(shape).add_(Tensors.scalar(value));
    }

    /**
     * A tensor in the type that a parameter names.
     *
     * @param dtype f32 or bf16
     */
    public static Tensor as(Tensor tensor, String dtype) {
        return switch (dtype) {
            case "f32" -> tensor.toType(ScalarType.Float);
            case "bf16" -> tensor.toType(ScalarType.BFloat16);
            default -> throw new IllegalArgumentException("dtype: expected f32 or bf16, got " + dtype);
        };
    }

    /** The bytes of one value of the type that a parameter names. */
    public static int size(String dtype) {
        return dtype.equals("bf16") ? 2 : 4;
    }
}
