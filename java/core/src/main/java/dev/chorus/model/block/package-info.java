/** The parts that a decoder is put together from: projections, norms, attention, feed-forward parts. */
package dev.chorus.model.block;
