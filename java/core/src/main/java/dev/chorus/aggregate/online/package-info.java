/** Aggregation that goes on: a new vote changes the answer without a new fit. */
package dev.chorus.aggregate.online;
