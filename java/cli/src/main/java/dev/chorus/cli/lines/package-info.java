/** Files of JSON objects, one a line, that a command reads, adds to, and writes in the same order. */
package dev.chorus.cli.lines;
