package dev.chorus.benchmarks;

/**
 * What one call has to do whoever does it: the same for every provider of an op, so that their rates compare.
 *
 * @param amount bytes that must be read or written at least once, or floating-point operations
 * @param unit   of the rate
 */
public record Work(double amount, Unit unit) {
    /** The unit of a rate. */
    public enum Unit {
        /** Bytes over time. */
        GIGABYTES("GB/s"),
        /** Floating-point operations over time; a product of matrices counts two for every multiply and add. */
        GIGAFLOPS("GFLOP/s");

        private final String text;

        Unit(String text) {
            this.text = text;
        }

        /** As it is written in the results. */
        public String text() {
            return text;
        }
    }

    /** Work that memory decides. */
    public static Work bytes(double bytes) {
        return new Work(bytes, Unit.GIGABYTES);
    }

    /** Work that arithmetic decides. */
    public static Work operations(double operations) {
        return new Work(operations, Unit.GIGAFLOPS);
    }

    /** The rate, in {@link #unit}, of doing it in that many microseconds. */
    public double rate(double micros) {
        return amount / micros / 1e3;
    }
}
