package dev.chorus.aggregate;

import dev.chorus.aggregate.methods.DawidSkene;
import dev.chorus.aggregate.methods.DirichletEvidence;
import dev.chorus.aggregate.methods.FitSettings;
import dev.chorus.aggregate.methods.Glad;
import dev.chorus.aggregate.methods.GoldConfusions;
import dev.chorus.aggregate.methods.Ibcc;
import dev.chorus.aggregate.methods.Kos;
import dev.chorus.aggregate.methods.Mace;
import dev.chorus.aggregate.methods.Majority;
import dev.chorus.aggregate.methods.Mmsr;
import dev.chorus.aggregate.methods.OneCoin;
import dev.chorus.aggregate.methods.Wawa;
import dev.chorus.aggregate.methods.WeightedMajority;
import dev.chorus.aggregate.methods.ZeroBasedSkill;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** All aggregators of class votes by name: one line adds one. */
public final class Aggregators {

    private final Map<String, Function<MethodOptions, LabelAggregator>> factories = new LinkedHashMap<>();

    private Aggregators() {}

    /** Those of this library, simple ones first. */
    public static Aggregators standard() {
        return new Aggregators()
                .with(Majority.NAME, o -> new Majority())
                .with(WeightedMajority.NAME, o -> new WeightedMajority(o.number("power", 0)))
                .with(Wawa.NAME, o -> new Wawa())
                .with(ZeroBasedSkill.NAME, o -> new ZeroBasedSkill(o.fit(FitSettings.defaults())))
                .with(
                        DirichletEvidence.NAME,
                        o -> new DirichletEvidence(o.number("prior", 1), o.flag("tempered", false)))
                .with(OneCoin.NAME, o -> new OneCoin(o.fit(FitSettings.defaults())))
                .with(DawidSkene.NAME, o -> new DawidSkene(o.fit(FitSettings.defaults())))
                .with(Ibcc.NAME, Aggregators::ibcc)
                .with(GoldConfusions.NAME, o -> new GoldConfusions(o.number("diagonal", 2), o.number("beside", 1)))
                .with(Glad.NAME, o -> new Glad(o.fit(FitSettings.defaults())))
                .with(Mace.NAME, Aggregators::mace)
                .with(Kos.NAME, o -> new Kos(o.fit(FitSettings.defaults())))
                .with(
                        Mmsr.NAME,
                        o -> new Mmsr(o.fit(
                                FitSettings.defaults().withIterations(10_000).withTolerance(1e-10))));
    }

    /** These and one more; its name must be new. */
    public Aggregators with(String name, Function<MethodOptions, LabelAggregator> factory) {
        Aggregators more = new Aggregators();
        more.factories.putAll(factories);
        if (more.factories.put(name, factory) != null) {
            throw new IllegalArgumentException("there is already an aggregator called " + name);
        }
        return more;
    }

    /** Their names. */
    public List<String> names() {
        return List.copyOf(factories.keySet());
    }

    /** One with its defaults. */
    public LabelAggregator make(String name) {
        return make(name, Map.of());
    }

    /**
     * One with settings.
     *
     * @throws IllegalArgumentException if there is no such aggregator (the message lists those that exist), or a setting is
     *     unknown or out of range
     */
    public LabelAggregator make(String name, Map<String, String> settings) {
        Function<MethodOptions, LabelAggregator> factory = factories.get(name);
        if (factory == null) {
            throw new IllegalArgumentException(
                    "there is no aggregator called '" + name + "'; there are " + String.join(", ", names()));
        }
        MethodOptions options = new MethodOptions(name, settings);
        LabelAggregator made = factory.apply(options);
        options.finish();
        return made;
    }

    private static LabelAggregator ibcc(MethodOptions o) {
        Ibcc.Settings d = Ibcc.Settings.defaults();
        return new Ibcc(new Ibcc.Settings(
                o.number("strength", d.strength()),
                o.number("diagonal", d.diagonal()),
                o.number("beside", d.beside()),
                o.number("balance", d.balance()),
                o.flag("soft", d.soft()),
                o.fit(d.fit())));
    }

    private static LabelAggregator mace(MethodOptions o) {
        Mace.Settings d = Mace.Settings.defaults();
        return new Mace(new Mace.Settings(
                o.flag("variational", d.variational()),
                o.integer("restarts", d.restarts()),
                o.number("competence", d.competence()),
                o.number("habit", d.habit()),
                o.fit(d.fit())));
    }
}
