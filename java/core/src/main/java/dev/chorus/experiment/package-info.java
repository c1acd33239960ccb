/** A whole run as stages, from a configuration to its results. */
package dev.chorus.experiment;
