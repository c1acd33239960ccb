/** What is measured besides single kernels, and what benchmarks share. */
package dev.chorus.benchmarks;
