package dev.chorus.model.batch;

/**
 * Which rows of a batch's hidden states predict completion tokens: the row before every token from a sequence's
 * completion start on.
 *
 * @param rows     [M] index into the flat tokens
 * @param targets  [M] the token that the row predicts
 * @param sequence [M] which sequence it belongs to
 */
public record CompletionRows(long[] rows, long[] targets, int[] sequence) {
    /**
     * Finds them.
     *
     * @param starts [S] index of every sequence's first completion token, at least 1
     */
    public static CompletionRows of(FlatBatch batch, int[] starts) {
        if (starts.length != batch.sequences()) {
            throw new IllegalArgumentException(
                    "expected " + batch.sequences() + " completion starts, got " + starts.length);
        }
        int count = 0;
        for (int s = 0; s < starts.length; s++) {
            int length = batch.offsets()[s + 1] - batch.offsets()[s];
            if (starts[s] < 1 || starts[s] > length) {
                throw new IllegalArgumentException("sequence " + s + ": completion start " + starts[s]
                        + " is outside 1.." + length + "; the first token has nothing before it");
            }
            count += length - starts[s];
        }
        long[] rows = new long[count];
        long[] targets = new long[count];
        int[] sequence = new int[count];
        int m = 0;
        for (int s = 0; s < starts.length; s++) {
            for (int i = batch.offsets()[s] + starts[s]; i < batch.offsets()[s + 1]; i++, m++) {
                rows[m] = i - 1L;
                targets[m] = batch.ids()[i];
                sequence[m] = s;
            }
        }
        return new CompletionRows(rows, targets, sequence);
    }

    /** M. */
    public int count() {
        return rows.length;
    }
}
