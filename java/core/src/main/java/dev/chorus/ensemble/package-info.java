/** Questions that all weak models answer. */
package dev.chorus.ensemble;
