/** Scores of things from comparisons of two. */
package dev.chorus.aggregate.pairs;
