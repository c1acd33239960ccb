package dev.chorus.experiment;

import dev.chorus.results.Results;
import java.util.Map;

/**
 * What is known of a run besides its stages.
 *
 * @param configHash        SHA-256 (hex) of the configuration
 * @param commit            that the engine was built from
 * @param build             SHA-256 (hex) of the engine
 * @param stages            SHA-256 (hex) of all stages' hashes
 * @param started           UTC, ISO 8601
 * @param wallSeconds       of the run
 * @param stagesRun         stages that it executed
 * @param stagesReused      stages that it found finished
 * @param peakResidentBytes of its process
 * @param machine           what it ran on
 */
record RunFacts(
        String configHash,
        String commit,
        String build,
        String stages,
        String started,
        double wallSeconds,
        int stagesRun,
        int stagesReused,
        long peakResidentBytes,
        Map<String, String> machine) {
    /** Those of a run that has written its results. */
    static RunFacts of(Results results) {
        return new RunFacts(
                results.configHash(),
                results.commit(),
                results.build(),
                results.stages(),
                results.started(),
                results.wallSeconds(),
                results.stagesRun(),
                results.stagesReused(),
                results.peakResidentBytes(),
                results.machine());
    }
}
