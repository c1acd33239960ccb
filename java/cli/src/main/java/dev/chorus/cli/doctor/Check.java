package dev.chorus.cli.doctor;

/** One question about the machine. */
@FunctionalInterface
interface Check {
    /** Looks, and never throws. */
    Finding look();
}
