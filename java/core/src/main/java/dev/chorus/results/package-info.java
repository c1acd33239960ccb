/** What a run found, as results.json holds it. */
package dev.chorus.results;
