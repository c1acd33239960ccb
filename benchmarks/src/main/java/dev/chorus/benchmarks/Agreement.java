package dev.chorus.benchmarks;

import dev.chorus.torch.Scope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Refuses to time a wrong answer. */
public final class Agreement {
    private Agreement() {}

    /**
     * Compares the results of two providers, of any shapes that hold as many values.
     *
     * @param what     the result's name, for the message
     * @param absolute tolerance of a value
     * @param relative tolerance of a value, of the largest of {@code theirs}
     * @throws IllegalStateException if a value differs by more than the larger tolerance, or is NaN
     */
    public static void require(String what, Tensor ours, Tensor theirs, double absolute, double relative) {
        try (Scope scope = new Scope()) {
            Tensor a = ours.detach().reshape(-1).toType(ScalarType.Double);
            Tensor b = theirs.detach().reshape(-1).toType(ScalarType.Double);
            if (a.numel() != b.numel()) {
                throw new IllegalStateException(what + ": " + a.numel() + " values against " + b.numel());
            }
            double tolerance = Math.max(absolute, relative * b.abs().max().item_double());
            Tensor differences = a.sub(b).abs();
            // NaN is the largest of all to argmax.
            long worst = torch.argmax(differences).item_long();
            double difference = differences.select(0, worst).item_double();
            if (!(difference <= tolerance)) {
                throw new IllegalStateException(what + " at " + worst + ": "
                        + a.select(0, worst).item_double() + " against "
                        + b.select(0, worst).item_double() + ", tolerance " + tolerance);
            }
        }
    }
}
