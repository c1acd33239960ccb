/** Votes as plain arrays, and the files that they come from. */
package dev.chorus.aggregate.votes;
