/** How a run goes on, told on the error stream: a bar on a terminal, plain lines elsewhere. */
package dev.chorus.cli.progress;
