/**
 * Aggregators of class votes, one class each. What they share: settings, tasks cut into lanes for threads, and the
 * expectation-maximization of models in which a task has one hidden class.
 */
package dev.chorus.aggregate.methods;
