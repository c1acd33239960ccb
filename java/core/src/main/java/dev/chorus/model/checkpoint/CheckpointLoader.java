package dev.chorus.model.checkpoint;

import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.weights.Parameters;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.model.weights.Weights;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings a folder's tensors to the places that a config asks for, and says which are missing, surplus or mis-shaped. */
public final class CheckpointLoader {
    private static final Logger log = LoggerFactory.getLogger(CheckpointLoader.class);

    private CheckpointLoader() {}

    /**
     * A folder's weights with the config that they have: it asks for a head of its own where a tied one was promised and
     * another is stored.
     *
     * @param config  for the decoder
     * @param weights owned by the caller
     */
    public record Loaded(ModelConfig config, Weights weights) {}

    /**
     * Weights to be trained: f32 in one buffer, converted piece by piece, so that no second copy is ever held.
     *
     * @throws CheckpointException if the folder's tensors do not fit the config; names them
     */
    public static Loaded trained(Path folder, ModelConfig config) {
        try (TensorStore store = TensorStore.open(folder)) {
            TensorMatch match = match(store, config);
            Weights weights = Weights.trained(match.specs());
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                Parameters parameters = weights.parameters().orElseThrow();
                for (TensorSpec spec : match.specs()) {
                    store.readInto(match.stored().get(spec.name()), parameters.get(spec.name()));
                }
                return new Loaded(match.config(), weights);
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        }
    }

    /**
     * Weights that are only read: mapped from the file where its dtype is the wanted one, converted otherwise.
     *
     * @param precision of the tensors; null for the one that most of the file's values have (f32 for f16)
     * @throws CheckpointException if the folder's tensors do not fit the config; names them
     */
    public static Loaded frozen(Path folder, ModelConfig config, Precision precision) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (TensorStore store = TensorStore.open(folder);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            TensorMatch match = match(store, config);
            Precision wanted = precision == null ? usual(store) : precision;
            StoredType direct = wanted == Precision.BF16 ? StoredType.BF16 : StoredType.F32;
            for (TensorSpec spec : match.specs()) {
                String name = match.stored().get(spec.name());
                Tensor tensor;
                if (store.entry(name).type() == direct) {
                    tensor = store.mapped(name);
                } else {
                    try (TensorOptions options = new TensorOptions(wanted.type())) {
                        tensor = torch.empty(spec.shape(), options, null);
                    }
                    store.readInto(name, tensor);
                }
                tensors.put(spec.name(), scope.release(tensor));
            }
            return new Loaded(match.config(), Weights.frozen(tensors));
        } catch (RuntimeException e) {
            tensors.values().forEach(Tensor::close);
            throw e;
        }
    }

    /**
     * Whether a folder's tensors fit a config, by their headers.
     *
     * @return sentences on what is left out, or read otherwise than the config says
     * @throws CheckpointException if they do not; names them
     */
    public static List<String> check(TensorStore store, ModelConfig config) {
        return TensorMatch.of(store, config).notes();
    }

    /** bf16 if most of the values are stored so, otherwise f32. */
    public static Precision usual(TensorStore store) {
        long bf16 = 0;
        long all = 0;
        for (String name : store.names()) {
            SafetensorsEntry entry = store.entry(name);
            all += entry.elements();
            bf16 += entry.type() == StoredType.BF16 ? entry.elements() : 0;
        }
        return 2 * bf16 > all ? Precision.BF16 : Precision.F32;
    }

    private static TensorMatch match(TensorStore store, ModelConfig config) {
        TensorMatch match = TensorMatch.of(store, config);
        match.notes().forEach(note -> Notices.warnOnce(log, store.source() + ": " + note));
        return match;
    }
}
