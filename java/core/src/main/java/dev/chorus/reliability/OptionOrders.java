package dev.chorus.reliability;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongToDoubleFunction;

/**
 * Orders in which the options of a question are shown, so that a weak model can be asked the same question several times (Guo and
 * Yang, arXiv:2406.19032: 5 of the 24 orders of four options).
 *
 * <p>Votes are then counted by the option's value, not by its letter.
 */
public final class OptionOrders {
    /** 12! is the largest factorial of an int. */
    private static final int MAX_OPTIONS = 12;

    private OptionOrders() {}

    /**
     * Different orders, drawn without replacement; the original order is one like any other.
     *
     * @param options number of options, 1 to 12
     * @param draws   K, at least 1 and at most options!
     * @param uniform counter to [0, 1); looked at from {@code first} on
     * @param first   counter of the first draw: questions of one stream take different ones, {@code question * draws} apart or more
     * @return [draws][options]: the option shown at each place
     */
    public static List<int[]> draw(int options, int draws, LongToDoubleFunction uniform, long first) {
        if (options < 1 || options > MAX_OPTIONS) {
            throw new IllegalArgumentException(
                    "option orders: expected from 1 to " + MAX_OPTIONS + " options, got " + options);
        }
        int orders = factorial(options);
        if (draws < 1 || draws > orders) {
            throw new IllegalArgumentException(
                    "option orders: expected from 1 to " + orders + " orders of " + options + " options, got " + draws);
        }
        // Floyd's sampling: no list of all orders, which may be half a billion.
        List<Integer> ranks = new ArrayList<>();
        for (int i = 0; i < draws; i++) {
            int last = orders - draws + i;
            int rank = (int) (uniform.applyAsDouble(first + i) * (last + 1.0));
            ranks.add(ranks.contains(rank) ? last : rank);
        }
        return ranks.stream().map(rank -> order(options, rank)).toList();
    }

    /** The order of a rank: its digits in the factorial number system choose among the options that are left. */
    static int[] order(int options, int rank) {
        List<Integer> left = new ArrayList<>();
        for (int option = 0; option < options; option++) {
            left.add(option);
        }
        int[] order = new int[options];
        int rest = rank;
        for (int place = 0; place < options; place++) {
            int block = factorial(options - 1 - place);
            order[place] = left.remove(rest / block);
            rest %= block;
        }
        return order;
    }

    /** The places of the options: what turns an answer's place back into the option. */
    public static int[] places(int[] order) {
        int[] places = new int[order.length];
        Arrays.setAll(places, i -> i);
        for (int place = 0; place < order.length; place++) {
            places[order[place]] = place;
        }
        return places;
    }

    private static int factorial(int n) {
        int product = 1;
        for (int i = 2; i <= n; i++) {
            product *= i;
        }
        return product;
    }
}
