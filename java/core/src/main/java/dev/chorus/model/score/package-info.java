/** Log-probabilities of given texts, and logits of classes. */
package dev.chorus.model.score;
