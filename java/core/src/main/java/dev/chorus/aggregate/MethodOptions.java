package dev.chorus.aggregate;

import dev.chorus.aggregate.methods.FitSettings;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** Settings of a method by name, as a command line or a configuration gives them; whatever nobody asked for is an error. */
public final class MethodOptions {

    private final String method;
    private final Map<String, String> given;
    private final SortedSet<String> known = new TreeSet<>();

    /** Settings for one method. */
    MethodOptions(String method, Map<String, String> given) {
        this.method = method;
        this.given = Map.copyOf(given);
    }

    /**
     * A number.
     *
     * @throws IllegalArgumentException if it is none
     */
    public double number(String key, double otherwise) {
        known.add(key);
        String text = given.get(key);
        if (text == null) {
            return otherwise;
        }
        try {
            double value = Double.parseDouble(text);
            if (Double.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Said below, with what was expected.
        }
        throw wrong(key, "a number", text);
    }

    /**
     * A whole number.
     *
     * @throws IllegalArgumentException if it is none
     */
    public int integer(String key, int otherwise) {
        double value = number(key, otherwise);
        if (value != Math.rint(value) || Math.abs(value) > Integer.MAX_VALUE) {
            throw wrong(key, "a whole number", given.get(key));
        }
        return (int) value;
    }

    /**
     * Yes or no.
     *
     * @throws IllegalArgumentException if it is neither true nor false
     */
    public boolean flag(String key, boolean otherwise) {
        known.add(key);
        String text = given.get(key);
        if (text == null) {
            return otherwise;
        }
        if (!text.equals("true") && !text.equals("false")) {
            throw wrong(key, "true or false", text);
        }
        return text.equals("true");
    }

    /** What all iterative methods have: {@code iterations}, {@code tolerance}, {@code seed}, {@code threads}. */
    public FitSettings fit(FitSettings otherwise) {
        return new FitSettings(
                integer("iterations", otherwise.iterations()),
                number("tolerance", otherwise.tolerance()),
                integer("seed", (int) otherwise.seed()),
                integer("threads", otherwise.threads()));
    }

    /** Refuses what the method did not ask for. */
    void finish() {
        for (String key : new TreeSet<>(given.keySet())) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException(method + " has no setting '" + key + "'; "
                        + (known.isEmpty() ? "it has none" : "it has " + String.join(", ", known)));
            }
        }
    }

    private IllegalArgumentException wrong(String key, String expected, String got) {
        return new IllegalArgumentException(method + ": " + key + ": expected " + expected + ", got " + got);
    }
}
