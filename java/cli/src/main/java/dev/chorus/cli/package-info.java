/** The command line: what a person types, and what a person reads when something is wrong. */
package dev.chorus.cli;
