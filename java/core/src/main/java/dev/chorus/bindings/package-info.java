/** What JavaCPP generates from the C headers, and the presets that say how. */
package dev.chorus.bindings;
