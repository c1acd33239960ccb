/** A decoder's tensors: which there are, where they lie, which of them are trained, and what an adapter adds to them. */
package dev.chorus.model.weights;
