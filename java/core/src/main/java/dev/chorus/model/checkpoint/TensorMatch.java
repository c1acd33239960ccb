package dev.chorus.model.checkpoint;

import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.family.Part;
import dev.chorus.model.family.TensorNames;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.text.Shown;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which stored tensor is which of a config's. Decided by headers alone, before anything is allocated; only where a head is
 * stored beside the embedding it is said to be, the two are compared.
 *
 * <p>Stored names are taken without what wrapping a model for training puts into them ({@code module.}, {@code _orig_mod.}).
 * Files of the bare model, such as the first GPT-2 uploads, leave the family's prefix out, and some call any head
 * {@code lm_head}.
 *
 * @param config with a head of its own if the weights hold one that differs from the embedding
 * @param specs  what the config asks for
 * @param stored stored name of each, by the config's
 * @param notes  sentences on what was left out or read otherwise than the config says
 */
record TensorMatch(ModelConfig config, List<TensorSpec> specs, Map<String, String> stored, List<String> notes) {
    private static final String HEAD = "lm_head.weight";

    /** Elements that are compared at a time. */
    private static final long COMPARED = 1 << 20;

    /**
     * Finds them.
     *
     * @throws CheckpointException if the tensors do not fit the config; names them
     */
    static TensorMatch of(TensorStore store, ModelConfig config) {
        Finder finder = new Finder(store, config);
        return finder.match();
    }

    /** One folder's names. */
    private static final class Finder {
        private final TensorStore store;
        private final TensorNames names;
        private final List<String> notes = new ArrayList<>();
        /** Stored name by the name without wrappers. */
        private final Map<String, String> found = new LinkedHashMap<>();

        private ModelConfig config;

        Finder(TensorStore store, ModelConfig config) {
            this.store = store;
            this.config = config;
            names = config.family().names();
        }

        TensorMatch match() {
            for (String name : store.names()) {
                String before = found.put(TensorNames.unwrapped(name), name);
                if (before != null) {
                    throw new CheckpointException(
                            store.source(), "holds '" + before + "' and '" + name + "', which are one tensor's names");
                }
            }
            refuseMoreLayersThanTensors();
            refuseAdapted();
            String head = storedHead();
            if (head != null && config.architecture().labels() == 0) {
                untieIfDifferent(head);
            }
            List<TensorSpec> specs = TensorPlan.of(config);
            Map<String, String> stored = new LinkedHashMap<>();
            Set<String> missing = new LinkedHashSet<>();
            Set<String> surplus = new TreeSet<>(found.keySet());
            for (TensorSpec spec : specs) {
                String name = named(spec.name(), head);
                if (name == null) {
                    missing.add(spec.name());
                    continue;
                }
                surplus.remove(name);
                requireShape(found.get(name), spec);
                stored.put(spec.name(), found.get(name));
            }
            leaveOut(surplus, head);
            if (!missing.isEmpty() || !surplus.isEmpty()) {
                throw new CheckpointException(
                        store.source(),
                        "does not fit config.json" + layers() + "; missing tensors: " + Shown.names(missing)
                                + ", surplus: " + Shown.names(surplus) + cure(missing, surplus));
            }
            return new TensorMatch(config, specs, stored, List.copyOf(notes));
        }

        /** What the file calls a tensor of the config, without wrappers; null if it has none. */
        private String named(String name, String head) {
            if (found.containsKey(name)) {
                return name;
            }
            String prefix = names.prefix();
            String bare = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
            if (found.containsKey(bare)) {
                return bare;
            }
            if (name.equals(names.module(Part.HEAD) + ".weight")) {
                return head;
            }
            // Of two names for one matrix a file may hold either.
            boolean tied =
                    config.architecture().head().tied() && config.architecture().labels() == 0;
            return tied && name.equals(embedding()) ? head : null;
        }

        private String embedding() {
            return names.module(Part.EMBEDDING) + ".weight";
        }

        /** The head that the file holds, or null. */
        private String storedHead() {
            String own = names.module(Part.HEAD) + ".weight";
            return found.containsKey(own) ? own : found.containsKey(HEAD) ? HEAD : null;
        }

        /** As transformers does: a head that is there and differs is used, whatever tie_word_embeddings says. */
        private void untieIfDifferent(String head) {
            if (!config.architecture().head().tied()) {
                return;
            }
            String embedding = named(embedding(), null);
            if (embedding == null || same(found.get(embedding), found.get(head))) {
                return;
            }
            config = config.withUntiedHead();
            notes.add("config.json says that the head is the embedding (tie_word_embeddings), but '" + found.get(head)
                    + "' differs from '" + found.get(embedding)
                    + "': both are used, as transformers does; a model saved from it says tie_word_embeddings: false");
        }

        private boolean same(String one, String other) {
            if (!Arrays.equals(store.entry(one).shape(), store.entry(other).shape())) {
                return false;
            }
            long elements = store.entry(one).elements();
            for (long from = 0; from < elements; from += COMPARED) {
                long count = Math.min(COMPARED, elements - from);
                try (Scope scope = new Scope();
                        Tensors.GradientMode off = Tensors.withoutGradients()) {
                    if (!store.range(one, from, count).equal(store.range(other, from, count))) {
                        return false;
                    }
                }
            }
            return true;
        }

        /** A number of layers costs memory before it is compared name by name, so it is compared with the file first. */
        private void refuseMoreLayersThanTensors() {
            int layers = config.architecture().layers();
            if (layers > found.size()) {
                throw new CheckpointException(store.source(), "does not fit config.json" + layers());
            }
        }

        private String layers() {
            int asked = config.architecture().layers();
            int held = names.blocksIn(found.keySet());
            return asked == held || held == 0
                    ? asked > found.size()
                            ? ", which asks for " + asked + " layers; there are " + found.size() + " tensors"
                            : ""
                    : ", which asks for " + asked + (asked == 1 ? " layer" : " layers") + ", the weights hold " + held;
        }

        private void refuseAdapted() {
            boolean adapted = found.keySet().stream()
                    .anyMatch(name -> name.startsWith("base_model.model.") || name.contains(".lora_A."));
            if (adapted) {
                throw new CheckpointException(
                        store.source(),
                        "was saved with a PEFT adapter around the model (names begin with base_model.model.); save the model "
                                + "alone, with PEFT: model.merge_and_unload().save_pretrained(FOLDER), or the adapter alone, and "
                                + "give it as an adapter");
            }
        }

        private void requireShape(String name, TensorSpec spec) {
            SafetensorsEntry entry = store.entry(name);
            if (!Arrays.equals(entry.shape(), spec.shape())) {
                throw new CheckpointException(
                        store.fileOf(name),
                        "tensor '" + name + "' has shape " + Arrays.toString(entry.shape()) + ", config.json asks for "
                                + Arrays.toString(spec.shape()));
            }
            if (!entry.type().isWeight()) {
                throw new CheckpointException(
                        store.fileOf(name),
                        "tensor '" + name + "' has dtype " + entry.type() + ", which is no weight's; supported: "
                                + StoredType.WEIGHTS + "; save the model without quantization");
            }
            if (entry.type() == StoredType.F64) {
                String note = "weights in float64 are rounded to float32";
                if (!notes.contains(note)) {
                    notes.add(note);
                }
            }
        }

        /** Takes what is no weight of this model from the list, with a word where somebody may miss it. */
        private void leaveOut(Set<String> surplus, String head) {
            boolean classifier = config.architecture().labels() > 0;
            if (head != null && (config.architecture().head().tied() || classifier)) {
                // The same as the embedding, or of no use to a classifier.
                surplus.remove(head);
                surplus.remove(HEAD);
            }
            List<String> left = new ArrayList<>();
            for (String name : List.copyOf(surplus)) {
                boolean valueHead = TensorNames.isValueHead(name);
                if (valueHead || TensorNames.isBuffer(name)) {
                    surplus.remove(name);
                    if (valueHead || name.endsWith("position_ids")) {
                        left.add(found.get(name));
                    }
                }
            }
            if (!left.isEmpty()) {
                notes.add("tensors " + Shown.names(left) + " are no weights of this model and are left out");
            }
        }

        /** If every missing name is there behind one more step, the names are all that is wrong. */
        private static String cure(Set<String> missing, Set<String> surplus) {
            if (missing.isEmpty()) {
                return "";
            }
            String first = missing.iterator().next();
            for (String name : surplus) {
                if (name.endsWith("." + first)) {
                    String prefix = name.substring(0, name.length() - first.length());
                    if (missing.stream().allMatch(each -> surplus.contains(prefix + each))) {
                        return "; every name begins with '" + Shown.value(prefix)
                                + "': write the tensors again without it";
                    }
                }
            }
            return "";
        }
    }
}
