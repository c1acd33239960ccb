package dev.chorus.aggregate.pairs;

import dev.chorus.aggregate.Trace;
import java.util.Map;

/**
 * Scores of things that were compared.
 *
 * @param scores [items] higher is better; what they mean is said by the method
 * @param skills [workers] by name, of methods that judge labelers
 * @param trace  how the fit went
 */
public record Ranking(double[] scores, Map<String, double[]> skills, Trace trace) {}
