/** Training: steps, optimizer, objectives. */
package dev.chorus.train;
