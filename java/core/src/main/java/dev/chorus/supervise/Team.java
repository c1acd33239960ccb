package dev.chorus.supervise;

import dev.chorus.task.Task;

/**
 * The weak models of one task, as far as a configuration tells.
 *
 * @param models how many
 * @param kind   what they are asked for
 * @param judged whether there are items with gold labels to judge them on
 */
public record Team(int models, Task.Kind kind, boolean judged) {}
