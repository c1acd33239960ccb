/** What a student learns from: one class for each way to turn weak labels into an objective. */
package dev.chorus.supervise;
