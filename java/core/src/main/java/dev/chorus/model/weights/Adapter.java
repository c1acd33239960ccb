package dev.chorus.model.weights;

import dev.chorus.model.family.ModelConfig;
import dev.chorus.text.Shown;
import dev.chorus.torch.CounterRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    private final List<String> targets;
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

    private Adapter(LoraConfig config, List<String> targets, Map<String, long[]> shapes) {
        this.config = config;
        this.targets = targets;
        parameters = new Parameters(specs(config, shapes));
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

    private static List<TensorSpec> specs(LoraConfig config, Map<String, long[]> shapes) {
        List<TensorSpec> specs = new ArrayList<>();
        shapes.forEach((module, shape) -> {
            specs.add(TensorSpec.constant(down(module), 0, config.rank(), shape[0]));
            specs.add(TensorSpec.constant(up(module), 0, shape[1], config.rank()));
        });
        return specs;
    }

    /** What the adapter's tensors would be, so that a file can be compared before anything is allocated. */
    public static List<TensorSpec> specs(ModelConfig model, LoraConfig config) {
        Map<String, long[]> dense = denseModules(model);
        return specs(config, chosen(dense, targets(model, config, dense.keySet())));
    }

    /** An adapter of zeros, to be filled from a file. */
    public static Adapter blank(ModelConfig model, LoraConfig config) {
        Map<String, long[]> dense = denseModules(model);
        List<String> targets = targets(model, config, dense.keySet());
        return new Adapter(config, targets, chosen(dense, targets));
    }

    /** What it was made from. */
    public LoraConfig config() {
        return config;
    }

    /** The modules that it changes, by the end of their names; neither empty nor a word that stands for others. */
    public List<String> targets() {
        return targets;
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

    /** [in, out] of every projection of the blocks. */
    private static Map<String, long[]> denseModules(ModelConfig model) {
        List<String> dense = model.family().names().denseModules();
        boolean transposed = model.architecture().transposed();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (TensorSpec spec : TensorPlan.of(model)) {
            String module = spec.name().replaceFirst("\\.weight$", "");
            if (!module.equals(spec.name()) && spec.shape().length == 2 && dense.contains(last(module))) {
                long[] s = spec.shape();
                shapes.put(module, transposed ? new long[] {s[0], s[1]} : new long[] {s[1], s[0]});
            }
        }
        return shapes;
    }

    private static List<String> targets(ModelConfig model, LoraConfig config, Set<String> dense) {
        if (config.targets().isEmpty()) {
            return model.family().adapterTargets();
        }
        return config.targets().equals(List.of(LoraConfig.ALL))
                ? dense.stream().map(Adapter::last).distinct().toList()
                : config.targets();
    }

    private static Map<String, long[]> chosen(Map<String, long[]> dense, List<String> targets) {
        Map<String, long[]> chosen = new LinkedHashMap<>();
        Set<String> unused = new TreeSet<>(targets);
        dense.forEach((module, shape) -> {
            for (String target : targets) {
                if (module.equals(target) || module.endsWith("." + target)) {
                    unused.remove(target);
                    chosen.put(module, shape);
                }
            }
        });
        if (!unused.isEmpty()) {
            throw new IllegalArgumentException("target modules " + Shown.names(unused)
                    + " are no projections of this model's blocks; there are "
                    + dense.keySet().stream().map(Adapter::last).distinct().toList() + ", or " + LoraConfig.ALL
                    + " for all");
        }
        return chosen;
    }

    private static String last(String module) {
        return module.substring(module.lastIndexOf('.') + 1);
    }

    @Override
    public void close() {
        parameters.close();
    }
}
