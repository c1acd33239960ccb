/** SLURP (Bastianelli et al., EMNLP 2020): scenario classification, and slot filling as generation. */
package dev.chorus.task.slurp;
