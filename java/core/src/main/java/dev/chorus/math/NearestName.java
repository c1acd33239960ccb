package dev.chorus.math;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** The name that somebody probably meant: among those that exist the one with the fewest slips of the keyboard. */
public final class NearestName {
    private NearestName() {}

    /**
     * The nearest name, if one is near: at most one slip in names of up to five letters, a third of the letters in longer ones. A
     * slip is a letter too many, one missing, a wrong one, or two that have changed places (restricted Damerau-Levenshtein
     * distance); case counts as none. Of names that are equally near the first is taken.
     */
    public static Optional<String> of(String typed, Collection<String> known) {
        String wanted = typed.toLowerCase(Locale.ROOT);
        int most = Math.max(1, wanted.length() / 3);
        String nearest = null;
        for (String name : known) {
            int slips = slips(wanted, name.toLowerCase(Locale.ROOT), most);
            if (slips <= most) {
                nearest = name;
                most = slips - 1;
            }
        }
        return Optional.ofNullable(nearest);
    }

    /** To be put behind a message: "; did you mean 'epochs'?", or nothing. */
    public static String hint(String typed, Collection<String> known) {
        return of(typed, known).map(name -> "; did you mean '" + name + "'?").orElse("");
    }

    /** Not exact above {@code most}. */
    private static int slips(String a, String b, int most) {
        if (Math.abs(a.length() - b.length()) > most) {
            return most + 1;
        }
        int[] beforeLast = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        int[] now = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            now[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                boolean same = a.charAt(i - 1) == b.charAt(j - 1);
                now[j] = Math.min(Math.min(now[j - 1], last[j]) + 1, last[j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    now[j] = Math.min(now[j], beforeLast[j - 2] + 1);
                }
            }
            int[] free = beforeLast;
            beforeLast = last;
            last = now;
            now = free;
        }
        return last[b.length()];
    }
}
