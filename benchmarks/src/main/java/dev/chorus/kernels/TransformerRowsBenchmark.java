package dev.chorus.kernels;

import dev.chorus.benchmarks.Agreement;
import dev.chorus.benchmarks.Inputs;
import dev.chorus.benchmarks.Shape;
import dev.chorus.kernels.GatedActivation.Activation;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What stands between the matrix products of a transformer, on N tokens of C channels: a residual RMS norm, rotary positions of
 * heads of 32 channels, and gated activations of two halves of a product. LibTorch's side is the composition that models write.
 * Ours run on their own output again and again where they work in place: the delta is 0, and a rotation keeps sizes.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class TransformerRowsBenchmark {
    private static final int HEAD_WIDTH = 32;
    private static final int POSITIONS = 512;
    private static final double EPS = 1e-6;
    /** Of the largest result. */
    private static final double F32 = 1e-5;
    /** Of the largest result: LibTorch rounds between its operators. */
    private static final double BF16 = 0x1p-6;

    /** Inputs that every provider sees. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Case {
        @Param({"residual_rms_norm", "rotary", "silu", "gelu_tanh", "gelu_erf"})
        private String op;

        @Param({"2048x256", "2048x1024"})
        private String shape;

        @Param({"f32", "bf16"})
        private String dtype;

        @Param("2")
        private int threads;

        private Tensor stream;
        private Tensor delta;
        private Tensor weight;
        private Tensor product;
        private Tensor heads;
        private Tensor cos;
        private Tensor sin;
        private Tensor positions;

        /** Makes the inputs and refuses to time a wrong answer. */
        @Setup
        public void setUp() {
            LibTorch.threads(threads);
            int[] s = Shape.parse(shape, 2);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                stream = scope.release(Inputs.normal(1, s[0], s[1]));
                delta = scope.release(
                        Inputs.as(Tensors.zeros(s[0], s[1]), dtype).clone());
                weight = scope.release(
                        Inputs.as(Inputs.uniform(0.5, 1.5, s[1]), dtype).clone());
                product = scope.release(
                        Inputs.as(Inputs.normal(1, s[0], 2L * s[1]), dtype).clone());
                heads = scope.release(Inputs.as(Inputs.normal(1, s[0], s[1] / HEAD_WIDTH, HEAD_WIDTH), dtype)
                        .clone());
                Tensor angles = Inputs.uniform(-3, 3, POSITIONS, HEAD_WIDTH / 2);
                cos = scope.release(angles.cos());
                sin = scope.release(angles.sin());
                positions = scope.release(Inputs.below(POSITIONS, s[0]));
                Tensor theirs = libtorch();
                Agreement.require(op, chorus(), theirs, 0, dtype.equals("f32") ? F32 : BF16);
            }
        }

        private Tensor chorus() {
            return switch (op) {
                case "residual_rms_norm" -> ResidualRmsNorm.forward(stream, delta, weight, EPS, 0);
                case "rotary" -> {
                    Rotary.rotateInPlace(heads, cos, sin, positions);
                    yield heads;
                }
                case "silu" -> gated(Activation.SILU);
                case "gelu_tanh" -> gated(Activation.GELU_TANH);
                case "gelu_erf" -> gated(Activation.GELU_ERF);
                default -> throw new IllegalArgumentException("op: got " + op);
            };
        }

        private Tensor gated(Activation activation) {
            long width = product.size(1) / 2;
            return GatedActivation.forward(product.narrow(1, 0, width), product.narrow(1, width, width), activation);
        }

        private Tensor libtorch() {
            long width = product.size(1) / 2;
            return switch (op) {
                case "residual_rms_norm" -> {
                    stream.add_(delta);
                    Tensor mean = stream.mul(stream)
                            .mean(new long[] {1}, true, new org.bytedeco.pytorch.ScalarTypeOptional());
                    yield stream.mul(mean.add_(Tensors.scalar(EPS)).rsqrt_())
                            .toType(dtypeOf())
                            .mul_(weight);
                }
                case "rotary" -> {
                    Tensor c = twice(cos.index_select(0, positions));
                    Tensor s = twice(sin.index_select(0, positions));
                    Tensor first = heads.narrow(2, 0, HEAD_WIDTH / 2);
                    Tensor second = heads.narrow(2, HEAD_WIDTH / 2, HEAD_WIDTH / 2);
                    Tensor turned = torch.cat(new TensorVector(second.neg(), first), 2);
                    yield heads.mul(c).add_(turned.mul_(s));
                }
                default -> {
                    Tensor gate = product.narrow(1, 0, width);
                    Tensor up = product.narrow(1, width, width);
                    yield activated(gate).mul_(up);
                }
            };
        }

        private Tensor activated(Tensor gate) {
            return switch (op) {
                case "silu" -> torch.silu(gate);
                case "gelu_tanh" -> torch.gelu(gate, new BytePointer("tanh"));
                case "gelu_erf" -> torch.gelu(gate, new BytePointer("none"));
                default -> throw new IllegalArgumentException("op: got " + op);
            };
        }

        /** [N, 1, 32] in the dtype of the heads. */
        private Tensor twice(Tensor half) {
            return torch.cat(new TensorVector(half, half), 1).unsqueeze(1).toType(dtypeOf());
        }

        private ScalarType dtypeOf() {
            return dtype.equals("f32") ? ScalarType.Float : ScalarType.BFloat16;
        }

        /** Frees the inputs. */
        @TearDown
        public void tearDown() {
            List.of(stream, delta, weight, product, heads, cos, sin, positions).forEach(Tensor::close);
        }
    }

    /** Ours. */
    @Benchmark
    public void chorusForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.chorus();
        }
    }

    /** LibTorch's composition. */
    @Benchmark
    public void libtorchForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.libtorch();
        }
    }
}
