package dev.chorus.probe;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** Strongly connected components of a directed graph (Tarjan 1972), without recursion: graphs are as deep as they have points. */
final class StrongComponents {
    private static final int UNSEEN = -1;

    private final int[][] arrows;
    private final boolean[] members;
    private final int[] index;
    private final int[] low;
    private final boolean[] open;
    private final int[] nextArrow;
    private final Deque<Integer> stack = new ArrayDeque<>();
    private int seen;
    private int[] largest = {};

    private StrongComponents(int[][] arrows, boolean[] members) {
        this.arrows = arrows;
        this.members = members;
        index = new int[arrows.length];
        Arrays.fill(index, UNSEEN);
        low = new int[arrows.length];
        open = new boolean[arrows.length];
        nextArrow = new int[arrows.length];
    }

    /**
     * The largest component among some points; on ties the one with the lowest point.
     *
     * @param arrows  [N][] where each point leads
     * @param members [N] which points take part; arrows to others do not count
     * @return its points, ascending; empty if nobody takes part
     */
    static int[] largest(int[][] arrows, boolean[] members) {
        StrongComponents search = new StrongComponents(arrows, members);
        for (int n = 0; n < arrows.length; n++) {
            if (members[n] && search.index[n] == UNSEEN) {
                search.from(n);
            }
        }
        return search.largest;
    }

    private void from(int start) {
        Deque<Integer> path = new ArrayDeque<>();
        enter(start, path);
        while (!path.isEmpty()) {
            int n = path.peek();
            if (nextArrow[n] < arrows[n].length) {
                int to = arrows[n][nextArrow[n]++];
                if (!members[to]) {
                    continue;
                }
                if (index[to] == UNSEEN) {
                    enter(to, path);
                } else if (open[to]) {
                    low[n] = Math.min(low[n], index[to]);
                }
            } else {
                path.pop();
                if (!path.isEmpty()) {
                    low[path.peek()] = Math.min(low[path.peek()], low[n]);
                }
                if (low[n] == index[n]) {
                    close(n);
                }
            }
        }
    }

    private void enter(int n, Deque<Integer> path) {
        index[n] = seen;
        low[n] = seen++;
        open[n] = true;
        stack.push(n);
        path.push(n);
    }

    private void close(int root) {
        int[] component = new int[stack.size()];
        int size = 0;
        int n;
        do {
            n = stack.pop();
            open[n] = false;
            component[size++] = n;
        } while (n != root);
        int[] sorted = Arrays.copyOf(component, size);
        Arrays.sort(sorted);
        if (size > largest.length || (size == largest.length && sorted[0] < largest[0])) {
            largest = sorted;
        }
    }
}
