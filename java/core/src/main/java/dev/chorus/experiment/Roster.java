package dev.chorus.experiment;

import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.methods.GoldConfusions;
import dev.chorus.config.ConfigException;
import dev.chorus.experiment.ExperimentConfig.Aggregation;
import dev.chorus.experiment.ExperimentConfig.Judge;
import dev.chorus.experiment.ExperimentConfig.Student;
import dev.chorus.experiment.ExperimentConfig.TaskSettings;
import dev.chorus.experiment.ExperimentConfig.TextTask;
import dev.chorus.supervise.Gold;
import dev.chorus.supervise.Reliabilities;
import dev.chorus.supervise.Reliability;
import dev.chorus.supervise.Supervision;
import dev.chorus.task.Task;
import dev.chorus.train.TrainSettings;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The students of one task, with all that their configuration names looked up.
 *
 * @param members    in the order of the configuration, those that the preference stage makes of it last
 * @param aggregator of the weak labels; empty for the plain way of the task's kind
 */
record Roster(List<Member> members, Optional<LabelAggregator> aggregator) {
    /**
     * One student.
     *
     * @param id       in the names of stages and in results
     * @param teach    what it learns from
     * @param options  of the supervision; null if it has none
     * @param weigh    how much items count; null for a model of gold labels
     * @param weighing options of the reliability; null if it has none
     * @param followed whether a preference stage follows
     */
    record Member(String id, Supervision teach, Record options, Reliability weigh, Record weighing, boolean followed) {
        /** A model that learns from gold. */
        static Member ofGold(String id) {
            return new Member(id, new Gold(), null, null, null, false);
        }

        /** The same student before the preference stage. */
        Member taught() {
            return new Member(taughtId(), teach, options, weigh, weighing, false);
        }

        private String taughtId() {
            return teach.name() + (weigh.name().equals(Reliabilities.NONE) ? "" : "-" + weigh.name());
        }

        /** For people. */
        String title() {
            return teach.title()
                    + (weigh.name().equals(Reliabilities.NONE) ? "" : ", weighed by " + weigh.name())
                    + (followed ? " + DPO" : "");
        }
    }

    /**
     * Looks all names up.
     *
     * @param file of the configuration, for messages
     * @throws ConfigException if a name does not exist or does not fit; lists those that do
     */
    static Roster of(Task<?> task, TaskSettings settings, Catalog catalog, String file) {
        String key = file + ": " + task.key() + ".students";
        List<Member> members = new ArrayList<>();
        for (Student student : students(settings, catalog)) {
            Supervision teach = catalog.supervisions().get(student.teach(), key);
            if (!teach.kinds().contains(task.kind())) {
                throw new ConfigException(key + ": '" + teach.name() + "' does not teach "
                        + (task.kind() == Task.Kind.TEXTS ? "texts" : "classes") + "; there are "
                        + String.join(
                                ", ",
                                catalog.supervisions().all().stream()
                                        .filter(each -> each.kinds().contains(task.kind()))
                                        .map(Supervision::name)
                                        .toList()));
            }
            String where = file + ": " + task.key();
            Record options = options(settings, teach.name(), teach.options(), teach.defaults(), where);
            Reliability weigh = catalog.reliabilities().get(student.weigh(), key);
            Record weighing = options(settings, weigh.name(), weigh.options(), weigh.defaults(), where);
            if (weigh.probes() && settings.judge() == Judge.NONE) {
                throw new ConfigException(where + ".judge: expected gold or devel, because students are weighed by "
                        + weigh.name() + ", which learns from judged answers, got none");
            }
            if (!student.then().equals("none") && !student.isFollowed()) {
                throw new ConfigException(
                        key + ": there is no stage '" + student.then() + "' to follow; there are none, dpo");
            }
            if (student.isFollowed() && !(settings instanceof TextTask text && text.dpo() != null)) {
                throw new ConfigException(key + ": '" + student.name() + "' needs " + task.key()
                        + ".dpo, the settings of its preference stage"
                        + (settings instanceof TextTask ? "" : ", which a task of classes does not have"));
            }
            members.add(new Member(student.name(), teach, options, weigh, weighing, student.isFollowed()));
        }
        refuseWrongNames(members, key);
        if (settings instanceof TextTask text && text.dpo() != null) {
            refuseUselessDpo(text, members, file + ": " + task.key());
            checkTraining(text.dpo().train(), catalog, file + ": " + task.key() + ".dpo.train");
        }
        checkTraining(settings.train(), catalog, file + ": " + task.key() + ".train");
        return new Roster(List.copyOf(members), aggregator(task, settings, catalog, file));
    }

    /** What the configuration says, or what stands for it. */
    private static Record options(
            TaskSettings settings,
            String name,
            Optional<Class<? extends Record>> type,
            Optional<Record> defaults,
            String where) {
        Record given = settings.options().get(name);
        if (given != null || type.isEmpty()) {
            return given;
        }
        return defaults.orElseThrow(() -> new ConfigException(
                where + "." + name + ": expected a group of options, because students has " + name + ", got nothing"));
    }

    private static Optional<LabelAggregator> aggregator(
            Task<?> task, TaskSettings settings, Catalog catalog, String file) {
        String key = file + ": " + task.key() + ".aggregator";
        Aggregation chosen = settings.aggregator();
        Map<String, String> values = new LinkedHashMap<>();
        for (String setting : chosen.settings()) {
            int equals = setting.indexOf('=');
            if (equals < 1 || chosen.method() == null) {
                throw new ConfigException(key + ".settings: expected "
                        + (equals < 1 ? "name=value each" : "nothing without a method") + ", got " + setting);
            }
            values.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        if (chosen.method() == null) {
            return Optional.empty();
        }
        if (chosen.method().equals(GoldConfusions.NAME) && settings.judge() == Judge.NONE) {
            throw new ConfigException(file + ": " + task.key() + ".judge: expected gold or devel, because "
                    + GoldConfusions.NAME + " learns from judged items alone, got none");
        }
        try {
            return Optional.of(catalog.aggregators().make(chosen.method(), values));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(key + ": " + e.getMessage(), e);
        }
    }

    /** Those that are listed; and, where a preference stage has settings but nobody asks for it, the one behind naive. */
    private static List<Student> students(TaskSettings settings, Catalog catalog) {
        List<Student> students = new ArrayList<>(settings.students());
        if (settings instanceof TextTask text
                && text.dpo() != null
                && students.stream().noneMatch(Student::isFollowed)) {
            students.stream()
                    .filter(student -> catalog.supervisions()
                            .find(student.teach())
                            .filter(Supervision::isFollowedUnasked)
                            .isPresent())
                    .findFirst()
                    .ifPresent(naive -> students.add(new Student(naive.teach(), naive.weigh(), Student.DPO, null)));
        }
        return students;
    }

    private static void refuseWrongNames(List<Member> members, String key) {
        if (members.isEmpty()) {
            throw new ConfigException(key + ": expected at least one, got []");
        }
        Set<String> ids = new HashSet<>();
        for (Member member : members) {
            if (!member.id().matches("[A-Za-z0-9._-]+") || member.id().equals(Gold.NAME)) {
                throw new ConfigException(key + ".id: expected letters, digits, '.', '_', '-', and not '" + Gold.NAME
                        + "', got " + member.id());
            }
            if (!ids.add(member.id())) {
                throw new ConfigException(key + ": expected none twice, got " + member.id());
            }
        }
    }

    private static void refuseUselessDpo(TextTask task, List<Member> members, String where) {
        if (members.stream().noneMatch(Member::followed)) {
            throw new ConfigException(where + ".dpo: expected naive among " + where.replaceAll(".*: ", "")
                    + ".students, or a student with 'then: dpo', got "
                    + task.students().stream().map(Student::name).toList());
        }
    }

    /** Refuses an optimizer or a schedule that there is not. */
    static void checkTraining(TrainSettings train, Catalog catalog, String key) {
        catalog.optimizers().get(train.optimizer(), key + ".optimizer");
        catalog.schedules().get(train.schedule(), key + ".schedule");
    }
}
