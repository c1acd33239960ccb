package dev.chorus.train;

/** What a training minimises: which rows its examples give, and a loss on them. {@link Step} does the rest. */
public sealed interface Objective permits TokenObjective, ClassObjective {}
