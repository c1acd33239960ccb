/** The decoder: one way through a transformer language model and back. */
package dev.chorus.model;
