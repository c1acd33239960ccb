/** Losses: each returns its value and its gradient. */
package dev.chorus.loss;
