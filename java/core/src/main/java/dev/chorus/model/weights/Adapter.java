package dev.chorus.model.weights;

import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.family.TensorNames;
import dev.chorus.torch.CounterRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;

/**
 * A low-rank adapter beside frozen weights, under PEFT's names. Switched off, the model is what it was: the same weights serve
 * as the reference of a preference loss.
 *
 * <p>Owns its parameters until {@link #close}. Not thread-safe.
 */
public final class Adapter implements AutoCloseable {
    private static final String PREFIX = "base_model.model.";

    private final LoraConfig config;
    private final Map<String, LowRank> modules = new LinkedHashMap<>();
    private final Parameters parameters;
    private boolean active = true;

    /**
     * What is added to one projection.
     *
     * @param module  its checkpoint name
     * @param down    A [rank, in] f32, a leaf
     * @param up      B [out, rank] f32, a leaf
     * @param scale   factor on B A x
     * @param dropout share of x's elements that a training step drops
     */
    public record LowRank(String module, Tensor down, Tensor up, double scale, double dropout) {}

    private Adapter(LoraConfig config, Map<String, long[]> shapes) {
        this.config = config;
        List<TensorSpec> specs = new ArrayList<>();
        shapes.forEach((module, shape) -> {
            specs.add(TensorSpec.constant(down(module), 0, config.rank(), shape[0]));
            specs.add(TensorSpec.constant(up(module), 0, shape[1], config.rank()));
        });
        parameters = new Parameters(specs);
        shapes.keySet()
                .forEach(module -> modules.put(
                        module,
                        new LowRank(
                                module,
                                parameters.get(down(module)),
                                parameters.get(up(module)),
                                config.scale(),
                                config.dropout())));
    }

    /**
     * An adapter that changes nothing yet: A uniform in +-1/sqrt(in) as a function of the seed, B zero.
     *
     * @throws IllegalArgumentException if a target names no projection of the blocks
     */
    public static Adapter initialise(ModelConfig model, LoraConfig config, long seed) {
        Adapter adapter = blank(model, config);
        adapter.modules.keySet().forEach(module -> {
            String name = down(module);
            long[] shape = adapter.parameters.shape(name);
            CounterRandom random = CounterRandom.of(seed, name);
            float[] start = new float[Math.toIntExact(shape[0] * shape[1])];
            double bound = 1 / Math.sqrt((double) shape[1]);
            for (int i = 0; i < start.length; i++) {
                start[i] = (float) (bound * (2 * random.uniform(i) - 1));
            }
            adapter.parameters.write(name, start);
        });
        return adapter;
    }

    /** An adapter of zeros, to be filled from a file. */
    public static Adapter blank(ModelConfig model, LoraConfig config) {
        return new Adapter(config, shapes(model, config));
    }

    /** What it was made from. */
    public LoraConfig config() {
        return config;
    }

    /** The trained values, named as PEFT names them. */
    public Parameters parameters() {
        return parameters;
    }

    /** What is added to a module, whether the adapter is on or off. */
    public Optional<LowRank> of(String module) {
        return Optional.ofNullable(modules.get(module));
    }

    /** Whether it has a say. */
    public boolean active() {
        return active;
    }

    /** Switches it off until the result is closed, which restores what was before. */
    public Off off() {
        boolean before = active;
        active = false;
        return () -> active = before;
    }

    /** Ends a time without the adapter. */
    @FunctionalInterface
    public interface Off extends AutoCloseable {
        @Override
        void close();
    }

    /** PEFT's name of A. */
    static String down(String module) {
        return PREFIX + module + ".lora_A.weight";
    }

    /** PEFT's name of B. */
    static String up(String module) {
        return PREFIX + module + ".lora_B.weight";
    }

    /** [in, out] of every module that is adapted. */
    private static Map<String, long[]> shapes(ModelConfig model, LoraConfig config) {
        TensorNames names = model.family().names();
        List<TensorSpec> plan = TensorPlan.of(model);
        // A family that inherits its names has some that it does not use.
        List<String> dense = plan.stream()
                .map(spec -> lastStep(module(spec)))
                .filter(names.denseModules()::contains)
                .distinct()
                .toList();
        List<String> targets = config.targets().isEmpty() ? model.family().adapterTargets() : config.targets();
        if (targets.equals(List.of(LoraConfig.ALL))) {
            targets = dense;
        }
        boolean transposed = model.architecture().transposed();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        TreeSet<String> unused = new TreeSet<>(targets);
        for (TensorSpec spec : plan) {
            String module = module(spec);
            if (module.equals(spec.name()) || spec.shape().length != 2 || !dense.contains(lastStep(module))) {
                continue;
            }
            for (String target : targets) {
                if (module.equals(target) || module.endsWith("." + target)) {
                    unused.remove(target);
                    long[] s = spec.shape();
                    shapes.put(module, transposed ? new long[] {s[0], s[1]} : new long[] {s[1], s[0]});
                }
            }
        }
        if (!unused.isEmpty()) {
            throw new IllegalArgumentException("target modules " + unused
                    + " are no projections of this model; there are " + dense + ", or " + LoraConfig.ALL + " for all");
        }
        return shapes;
    }

    private static String module(TensorSpec spec) {
        return spec.name().replaceFirst("\\.weight$", "");
    }

    private static String lastStep(String module) {
        return module.substring(module.lastIndexOf('.') + 1);
    }

    @Override
    public void close() {
        parameters.close();
    }
}
