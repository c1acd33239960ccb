/** Work that is stored under a hash of all that it depends on, and done once: stages, their store, their runner. */
package dev.chorus.stage;
