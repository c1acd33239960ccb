package dev.chorus.model.weights;

import dev.chorus.text.Shown;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * A model's parameters as views of one flat float32 buffer, with one flat gradient buffer beside it.
 *
 * <p>The optimizer then runs a handful of operators over two long arrays instead of over fifty small tensors, and
 * clearing or measuring all gradients is one operator. Matrices lie in front, so that weight decay is a prefix.
 *
 * <p>Owns its native memory until {@link #close}. Not thread-safe.
 */
public final class Parameters implements AutoCloseable {
    private final Tensor values;
    private Tensor gradients;
    private final long decayed;
    private final Map<String, Tensor> trained = new LinkedHashMap<>();
    private final Map<String, Slice> slices = new LinkedHashMap<>();
    private final List<Tensor> owned = new ArrayList<>();

    /** Where a tensor lies in the flat buffer. */
    private record Slice(TensorSpec spec, long offset) {}

    /** Zeros of these names and shapes. */
    public Parameters(List<TensorSpec> specs) {
        List<TensorSpec> ordered = new ArrayList<>();
        specs.stream().filter(TensorSpec::matrixLike).forEach(ordered::add);
        specs.stream().filter(spec -> !spec.matrixLike()).forEach(ordered::add);
        long total = ordered.stream().mapToLong(TensorSpec::count).sum();
        decayed = ordered.stream()
                .filter(TensorSpec::matrixLike)
                .mapToLong(TensorSpec::count)
                .sum();
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            values = keep(scope, Tensors.zeros(total));
            long offset = 0;
            for (TensorSpec spec : ordered) {
                Tensor view = values.narrow(0, offset, spec.count())
                        .view(spec.shape())
                        .detach();
                view.set_requires_grad(true);
                trained.put(spec.name(), keep(scope, view));
                slices.put(spec.name(), new Slice(spec, offset));
                offset += spec.count();
            }
        }
    }

    private Tensor keep(Scope scope, Tensor tensor) {
        owned.add(scope.release(tensor));
        return tensor;
    }

    /** Starts every tensor from its distribution: a function of (seed, tensor name, element). */
    public void initialise(long seed) {
        initialise(seed, name -> true);
    }

    /** As {@link #initialise(long)}, those tensors alone whose names are chosen. */
    public void initialise(long seed, Predicate<String> chosen) {
        for (Slice slice : slices.values()) {
            TensorSpec spec = slice.spec();
            if (!chosen.test(spec.name())) {
                continue;
            }
            CounterRandom random = CounterRandom.of(seed, spec.name());
            float[] start = new float[Math.toIntExact(spec.count())];
            for (int i = 0; i < start.length; i++) {
                start[i] = (float)
                        (spec.deviation() == 0 ? spec.mean() : spec.mean() + spec.deviation() * random.normal(i));
            }
            write(spec.name(), start);
        }
    }

    /** Number of trained values. */
    public long count() {
        return values.numel();
    }

    /** How many values at the front belong to matrices; weight decay is for these. */
    public long decayedCount() {
        return decayed;
    }

    /** All values, float32 [count]; writing to it changes the model. */
    public Tensor values() {
        return values;
    }

    /** All gradients, float32 [count]; every backward pass adds to it. Made when first asked for, so that loading needs none. */
    public Tensor gradients() {
        if (gradients == null) {
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                gradients = scope.release(Tensors.zeros(count()));
                for (Map.Entry<String, Slice> entry : slices.entrySet()) {
                    TensorSpec spec = entry.getValue().spec();
                    trained.get(entry.getKey())
                            .mutable_grad()
                            .put(gradients
                                    .narrow(0, entry.getValue().offset(), spec.count())
                                    .view(spec.shape()));
                }
            }
        }
        return gradients;
    }

    /** The gradient of one tensor, a view of {@link #gradients}, in the caller's scope. */
    public Tensor gradient(String name) {
        gradients();
        return get(name).grad();
    }

    /** Whether there is a tensor of this name. */
    public boolean has(String name) {
        return trained.containsKey(name);
    }

    /** The trained tensor of this name, a leaf of the autograd graph. */
    public Tensor get(String name) {
        Tensor tensor = trained.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(
                    "no parameter '" + name + "'; there are " + Shown.names(trained.keySet()));
        }
        return tensor;
    }

    /** Checkpoint names in buffer order. */
    public List<String> names() {
        return List.copyOf(slices.keySet());
    }

    /** The shape of one tensor. */
    public long[] shape(String name) {
        return slice(name).spec().shape();
    }

    /** A copy of one tensor, row-major. */
    public float[] read(String name) {
        Slice slice = slice(name);
        float[] out = new float[Math.toIntExact(slice.spec().count())];
        try (Scope scope = new Scope()) {
            FloatPointer data = values.data_ptr_float();
            data.position(slice.offset()).get(out);
        }
        return out;
    }

    /** Overwrites one tensor. */
    public void write(String name, float[] in) {
        Slice slice = slice(name);
        if (in.length != slice.spec().count()) {
            throw new IllegalArgumentException(
                    name + ": expected " + slice.spec().count() + " values, got " + in.length);
        }
        try (Scope scope = new Scope()) {
            FloatPointer data = values.data_ptr_float();
            data.position(slice.offset()).put(in);
        }
    }

    private Slice slice(String name) {
        Slice slice = slices.get(name);
        if (slice == null) {
            throw new IllegalArgumentException(
                    "no parameter '" + name + "'; there are " + Shown.names(slices.keySet()));
        }
        return slice;
    }

    @Override
    public void close() {
        // Views first, buffers last.
        for (int i = owned.size() - 1; i >= 0; i--) {
            owned.get(i).close();
        }
        owned.clear();
        if (gradients != null) {
            gradients.close();
        }
    }
}
