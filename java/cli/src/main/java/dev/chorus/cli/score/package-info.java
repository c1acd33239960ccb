/** {@code chorus score}: log-probabilities of given completions under language models. */
package dev.chorus.cli.score;
