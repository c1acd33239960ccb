/** From {@link dev.chorus.experiment.Results} to one self-contained HTML page, and to a table for the terminal. */
package dev.chorus.cli.report;
