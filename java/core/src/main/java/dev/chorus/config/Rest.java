package dev.chorus.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the component, a {@code Map<String, ?>}, that takes the keys of a group which have no component of their own: one for
 * each task, or for each method with options. Which keys there may be, and what stands behind them, {@link Extensions} say.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Rest {}
