package dev.chorus.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a configuration's reader and its documentation know of a record component besides its name and type.
 *
 * <p>A component without this annotation is a key that must be there. {@link ConfigTree} fills defaults in and checks ranges;
 * the tables of docs/configuration.md are made of the same words.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Key {
    /** What the key means, for the documentation; one line. */
    String value() default "";

    /** Whether the key may be missing; it is null then, unless there is a {@link #fallback}. */
    boolean optional() default false;

    /** What stands for a missing key, as YAML; empty for nothing. */
    String fallback() default "";

    /** Numbers that are accepted, as an interval: {@code [1,)}, {@code (0,10)}, {@code [0,0.5)}; empty for all. */
    String range() default "";

    /** Key of the same group beside which this one must not stand, as it brings its own; empty for none. */
    String without() default "";

    /** Key of the same group that this one needs; empty for none. */
    String with() default "";
}
