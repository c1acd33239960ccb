package dev.chorus.model.checkpoint;

import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A look at stored values for what no weight can be: NaN and infinity, which a broken conversion or a diverged training leaves.
 *
 * @param damaged tensors that hold any
 * @param bytes   that were looked at
 * @param whole   whether these are all
 */
public record WeightScan(List<String> damaged, long bytes, boolean whole) {
    /** Elements that are looked at together. */
    private static final long PIECE = 1 << 20;

    /**
     * Looks at the small tensors first, such as norms, and at no more than so many bytes.
     *
     * @throws CheckpointException if a file cannot be read
     */
    public static WeightScan of(TensorStore store, long most) {
        List<SafetensorsEntry> entries = new ArrayList<>();
        for (String name : store.names()) {
            if (store.entry(name).type().isWeight()) {
                entries.add(store.entry(name));
            }
        }
        entries.sort(Comparator.comparingLong(SafetensorsEntry::bytes));
        List<String> damaged = new ArrayList<>();
        long bytes = 0;
        for (SafetensorsEntry entry : entries) {
            if (bytes + entry.bytes() > most) {
                return new WeightScan(List.copyOf(damaged), bytes, false);
            }
            if (!finite(store, entry)) {
                damaged.add(entry.name());
            }
            bytes += entry.bytes();
        }
        return new WeightScan(List.copyOf(damaged), bytes, true);
    }

    private static boolean finite(TensorStore store, SafetensorsEntry entry) {
        long elements = entry.elements();
        for (long from = 0; from < elements; from += PIECE) {
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                boolean finite = store.range(entry.name(), from, Math.min(PIECE, elements - from))
                        .isfinite()
                        .all()
                        .item_bool();
                if (!finite) {
                    return false;
                }
            }
        }
        return true;
    }
}
