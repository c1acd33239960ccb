package dev.chorus.cli.aggregate;

/** Fields of comma-separated values, quoted where they must be. */
final class CsvText {

    private static final long[] POWERS = {1, 10, 100, 1_000, 10_000, 100_000, 1_000_000};

    private CsvText() {}

    /** Adds a text. */
    static StringBuilder text(StringBuilder out, String text) {
        boolean plain = !text.isEmpty();
        for (int i = 0; i < text.length() && plain; i++) {
            char c = text.charAt(i);
            plain = c != ',' && c != '"' && c != '\n' && c != '\r';
        }
        return plain
                ? out.append(text)
                : out.append('"').append(text.replace("\"", "\"\"")).append('"');
    }

    /** Adds a number with at most {@code digits} decimals, and none that are 0 at the end; nothing for NaN. */
    static StringBuilder number(StringBuilder out, double value, int digits) {
        if (Double.isNaN(value)) {
            return out;
        }
        if (Double.isInfinite(value) || Math.abs(value) > 1e12) {
            return out.append(value);
        }
        long scaled = Math.round(Math.abs(value) * POWERS[digits]);
        if (value < 0 && scaled > 0) {
            out.append('-');
        }
        out.append(scaled / POWERS[digits]);
        long rest = scaled % POWERS[digits];
        if (rest > 0) {
            out.append('.');
            for (int d = digits - 1; rest > 0; d--) {
                out.append((char) ('0' + rest / POWERS[d]));
                rest %= POWERS[d];
            }
        }
        return out;
    }
}
