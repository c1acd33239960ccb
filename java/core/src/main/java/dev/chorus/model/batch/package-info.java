/** Sequences joined into flat batches without padding, and the rows of them that count. */
package dev.chorus.model.batch;
