/** From JMH's results to rows, tables and the README. */
package dev.chorus.benchmarks.results;
