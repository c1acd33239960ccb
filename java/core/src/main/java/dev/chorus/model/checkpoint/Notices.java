package dev.chorus.model.checkpoint;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;

/** Warnings about a folder's weights. A run opens one folder many times, and each is said once. */
final class Notices {
    /** More than any run has; a service that opens folders for years must not keep their names for ever. */
    private static final int KEPT = 1000;

    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private Notices() {}

    static void warnOnce(Logger log, String message) {
        if (SAID.size() >= KEPT) {
            SAID.clear();
        }
        if (SAID.add(message)) {
            log.warn("{}", message);
        }
    }
}
