package dev.chorus.model.weights;

import dev.chorus.text.Shown;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The tensors of one model by their checkpoint names: either all trained, in one flat buffer, or all frozen, each where it
 * lies (in memory, or in a mapped file).
 *
 * <p>Owns them until {@link #close}. Not thread-safe while trained; frozen weights may be read by several threads.
 */
public final class Weights implements AutoCloseable {
    private final Parameters trained;
    private final Map<String, Tensor> frozen;

    private Weights(Parameters trained, Map<String, Tensor> frozen) {
        this.trained = trained;
        this.frozen = frozen;
    }

    /** Zeros to be trained, f32. */
    public static Weights trained(List<TensorSpec> specs) {
        return new Weights(new Parameters(specs), Map.of());
    }

    /**
     * Weights that never change.
     *
     * @param tensors f32 or bf16; released from every scope, closed with this object
     */
    public static Weights frozen(Map<String, Tensor> tensors) {
        return new Weights(null, tensors);
    }

    /** The trained values, if these weights are trained. */
    public Optional<Parameters> parameters() {
        return Optional.ofNullable(trained);
    }

    /** The tensor of this name, f32 if trained. */
    public Tensor get(String name) {
        if (trained != null) {
            return trained.get(name);
        }
        Tensor tensor = frozen.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("no weight '" + name + "'; there are " + Shown.names(frozen.keySet()));
        }
        return tensor;
    }

    /** bf16 if the frozen tensors are, otherwise f32. */
    public Precision precision() {
        boolean bf16 =
                frozen.values().stream().anyMatch(tensor -> tensor.scalar_type().intern() == ScalarType.BFloat16);
        return bf16 ? Precision.BF16 : Precision.F32;
    }

    /** Whether there is a tensor of this name. */
    public boolean has(String name) {
        return trained == null ? frozen.containsKey(name) : trained.has(name);
    }

    @Override
    public void close() {
        if (trained != null) {
            trained.close();
        }
        frozen.values().forEach(Tensor::close);
    }
}
