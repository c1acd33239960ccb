/** Who is right, and who only repeats: agreement, accuracy, weights and dependence of labelers. */
package dev.chorus.aggregate.labelers;
