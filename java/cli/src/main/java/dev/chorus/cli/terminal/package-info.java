/** What reaches the standard streams: UTF-8, with errors noticed, nothing invisible from files, cut and aligned by columns. */
package dev.chorus.cli.terminal;
