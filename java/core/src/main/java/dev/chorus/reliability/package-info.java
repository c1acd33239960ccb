/**
 * How far a weak label can be relied on, and what follows: which rows are kept, what they weigh. Plain arrays; nothing here
 * needs LibTorch.
 *
 * <p>A weak model is asked the same question K times (option orders, wordings, samples). A row is one such prompt with the
 * answer it got; the answers of a question are votes. Guo and Yang, <i>Reliability-Aware Alignment</i>, arXiv:2406.19032.
 */
package dev.chorus.reliability;
