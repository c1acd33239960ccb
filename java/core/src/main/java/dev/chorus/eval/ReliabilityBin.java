package dev.chorus.eval;

/**
 * One bar of a reliability diagram: the predictions whose confidence lies in (low, high].
 *
 * @param low        lower edge, exclusive (the first bin takes confidence 0 too)
 * @param high       upper edge, inclusive
 * @param count      number of predictions
 * @param confidence their mean confidence; NaN if there are none
 * @param accuracy   share of them that was right; NaN if there are none
 */
public record ReliabilityBin(double low, double high, long count, double confidence, double accuracy) {

    /** Distance between accuracy and confidence; 0 if the bin is empty. */
    public double gap() {
        return count == 0 ? 0 : Math.abs(accuracy - confidence);
    }
}
