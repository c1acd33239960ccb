/** What a step reads: the rows of a micro-batch, their weights, and their states after the forward pass. */
package dev.chorus.train.batch;
