package dev.chorus.model.checkpoint;

import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.family.Part;
import dev.chorus.model.family.TensorNames;
import dev.chorus.model.weights.Parameters;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.model.weights.Weights;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Brings a folder's tensors to the places that a config asks for, and says which are missing, surplus or mis-shaped. */
public final class CheckpointLoader {
    private static final String HEAD = "lm_head.weight";

    private CheckpointLoader() {}

    /**
     * Weights to be trained: f32 in one buffer, converted piece by piece, so that no second copy is ever held.
     *
     * @throws CheckpointException if the folder's tensors do not fit the config; names them
     */
    public static Weights trained(Path folder, ModelConfig config) {
        List<TensorSpec> specs = TensorPlan.of(config);
        try (TensorStore store = TensorStore.open(folder)) {
            Map<String, String> stored = match(store, config, specs);
            Weights weights = Weights.trained(specs);
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                Parameters parameters = weights.parameters().orElseThrow();
                for (TensorSpec spec : specs) {
                    store.readInto(stored.get(spec.name()), parameters.get(spec.name()));
                }
                return weights;
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
    public static Weights frozen(Path folder, ModelConfig config, Precision precision) {
        List<TensorSpec> specs = TensorPlan.of(config);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (TensorStore store = TensorStore.open(folder);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            Map<String, String> stored = match(store, config, specs);
            Precision wanted = precision == null ? usual(store) : precision;
            StoredType direct = wanted == Precision.BF16 ? StoredType.BF16 : StoredType.F32;
            for (TensorSpec spec : specs) {
                String name = stored.get(spec.name());
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
            return Weights.frozen(tensors);
        } catch (RuntimeException e) {
            tensors.values().forEach(Tensor::close);
            throw e;
        }
    }

    /**
     * Whether a folder's tensors fit a config, by their headers.
     *
     * @throws CheckpointException if they do not; names them
     */
    public static void check(TensorStore store, ModelConfig config) {
        match(store, config, TensorPlan.of(config));
    }

    /** bf16 if most of the values are stored so, otherwise f32. */
    public static Precision usual(TensorStore store) {
        long bf16 = 0;
        long all = 0;
        for (String name : store.names()) {
            SafetensorsFile.Entry entry = store.entry(name);
            all += entry.elements();
            bf16 += entry.type() == StoredType.BF16 ? entry.elements() : 0;
        }
        return 2 * bf16 > all ? Precision.BF16 : Precision.F32;
    }

    /** The stored name of every tensor that the config asks for. */
    private static Map<String, String> match(TensorStore store, ModelConfig config, List<TensorSpec> specs) {
        String prefix = config.family().names().prefix();
        Set<String> surplus = new TreeSet<>(store.names());
        List<String> missing = new ArrayList<>();
        Map<String, String> stored = new LinkedHashMap<>();
        for (TensorSpec spec : specs) {
            String name = spec.name();
            // Files of the bare model, such as the first GPT-2 uploads, leave the prefix out; some call any head
            // lm_head.
            String other = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
            if (name.equals(config.family().names().module(Part.HEAD) + ".weight")) {
                other = HEAD;
            }
            String found = store.names().contains(name) ? name : other;
            if (!store.names().contains(found)) {
                missing.add(name);
                continue;
            }
            surplus.remove(found);
            long[] shape = store.entry(found).shape();
            if (!Arrays.equals(shape, spec.shape())) {
                throw new CheckpointException(
                        store.fileOf(found),
                        "tensor '" + found + "' has shape " + Arrays.toString(shape) + ", config.json asks for "
                                + Arrays.toString(spec.shape()));
            }
            stored.put(name, found);
        }
        surplus.removeIf(TensorNames::isBuffer);
        if (config.architecture().head().tied() || config.architecture().labels() > 0) {
            // What transformers ignores as well: the embedding, or the classifier, is the head.
            surplus.remove(HEAD);
            surplus.remove(config.family().names().module(Part.HEAD) + ".weight");
        }
        if (!missing.isEmpty() || !surplus.isEmpty()) {
            throw new CheckpointException(
                    store.source(), "does not fit config.json; missing tensors: " + missing + ", surplus: " + surplus);
        }
        return stored;
    }
}
