/** {@code chorus inspect}: what a model folder holds. */
package dev.chorus.cli.inspect;
