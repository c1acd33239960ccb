package dev.chorus.config;

import java.lang.reflect.RecordComponent;

/** The ranges that a record's {@link Key}s state, for records that are made without a configuration too. */
public final class Ranges {
    private Ranges() {}

    /**
     * Checks the arguments of a record's constructor.
     *
     * @param values one a component, in their order
     * @throws IllegalArgumentException if one is outside its range; the message begins with its key
     */
    public static void check(Class<? extends Record> type, Object... values) {
        RecordComponent[] components = type.getRecordComponents();
        for (int i = 0; i < components.length; i++) {
            Key key = components[i].getAnnotation(Key.class);
            if (key != null && !key.range().isEmpty() && values[i] instanceof Number number) {
                Range range = Range.of(key.range());
                if (!range.holds(number.doubleValue())) {
                    throw new IllegalArgumentException(
                            ConfigShape.name(components[i]) + ": expected " + range.words() + ", got " + number);
                }
            }
        }
    }
}
