/** Text out of a decoder: greedy, sampled, or by beam search, many prompts at once. */
package dev.chorus.model.generate;
