package dev.chorus.experiment;

import dev.chorus.aggregate.Aggregators;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.MethodOptions;
import dev.chorus.config.Choices;
import dev.chorus.config.Extensions;
import dev.chorus.supervise.Reliabilities;
import dev.chorus.supervise.Reliability;
import dev.chorus.supervise.Supervision;
import dev.chorus.supervise.Supervisions;
import dev.chorus.task.Task;
import dev.chorus.task.Tasks;
import dev.chorus.train.optim.Optimizer;
import dev.chorus.train.optim.Optimizers;
import dev.chorus.train.optim.Schedule;
import dev.chorus.train.optim.Schedules;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * All that a configuration may name. {@link #STANDARD} is what Chorus brings; a program that has tasks or methods of its own adds
 * them with {@link #with} and runs experiments on the larger catalogue.
 *
 * @param tasks         what models are taught and asked
 * @param supervisions  what a student learns from
 * @param reliabilities how much items count
 * @param aggregators   how weak labels become one
 * @param optimizers    how parameters change
 * @param schedules     how the learning rate does
 */
public record Catalog(
        Choices<Task<?>> tasks,
        Choices<Supervision> supervisions,
        Choices<Reliability> reliabilities,
        Aggregators aggregators,
        Choices<Optimizer.Maker> optimizers,
        Choices<Schedule> schedules) {
    /** What Chorus brings. */
    public static final Catalog STANDARD = new Catalog(
            Tasks.ALL, Supervisions.ALL, Reliabilities.ALL, Aggregators.standard(), Optimizers.ALL, Schedules.ALL);

    /** With one more task. */
    public Catalog with(Task<?> task) {
        return new Catalog(tasks.with(task), supervisions, reliabilities, aggregators, optimizers, schedules);
    }

    /** With one more supervision. */
    public Catalog with(Supervision supervision) {
        return new Catalog(tasks, supervisions.with(supervision), reliabilities, aggregators, optimizers, schedules);
    }

    /** With one more reliability. */
    public Catalog with(Reliability reliability) {
        return new Catalog(tasks, supervisions, reliabilities.with(reliability), aggregators, optimizers, schedules);
    }

    /** With one more aggregator. */
    public Catalog with(String name, Function<MethodOptions, LabelAggregator> aggregator) {
        return new Catalog(
                tasks, supervisions, reliabilities, aggregators.with(name, aggregator), optimizers, schedules);
    }

    /** With one more optimizer. */
    public Catalog with(Optimizer.Maker optimizer) {
        return new Catalog(tasks, supervisions, reliabilities, aggregators, optimizers.with(optimizer), schedules);
    }

    /** With one more schedule. */
    public Catalog with(Schedule schedule) {
        return new Catalog(tasks, supervisions, reliabilities, aggregators, optimizers, schedules.with(schedule));
    }

    /** The keys that tasks, supervisions and reliabilities add to a configuration. */
    Extensions extensions() {
        Map<String, Class<?>> settings = new LinkedHashMap<>();
        Map<String, Class<?>> weak = new LinkedHashMap<>();
        for (Task<?> task : tasks.all()) {
            settings.put(
                    task.key(),
                    task.kind() == Task.Kind.CLASSES
                            ? ExperimentConfig.ClassTask.class
                            : ExperimentConfig.TextTask.class);
            weak.put(task.key(), ExperimentConfig.WeakTask.class);
        }
        return Extensions.NONE
                .with(ExperimentConfig.class, settings)
                .with(ExperimentConfig.Weak.class, weak)
                .with(ExperimentConfig.ClassTask.class, options(Task.Kind.CLASSES))
                .with(ExperimentConfig.TextTask.class, options(Task.Kind.TEXTS));
    }

    private Map<String, Class<?>> options(Task.Kind kind) {
        Map<String, Class<?>> options = new LinkedHashMap<>();
        for (Supervision supervision : supervisions.all()) {
            if (supervision.kinds().contains(kind)) {
                supervision.options().ifPresent(type -> options.put(supervision.name(), type));
            }
        }
        for (Reliability reliability : reliabilities.all()) {
            reliability.options().ifPresent(type -> options.put(reliability.name(), type));
        }
        return options;
    }
}
