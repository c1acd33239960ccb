package dev.chorus.kernels;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** {@link PreferenceLoss} as it is defined, in double on plain arrays: for tests, and to read. Arguments are not checked. */
final class PreferenceLossReference {
    /** Where the exponents of forward KL, of the alpha-divergence and of DiscoPOP end. */
    private static final double LARGEST_EXPONENT = 80;

    private PreferenceLossReference() {}

    /** Inputs, each [P]; ref, lengths, weights and flip may be null. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Pairs(
            double[] policyChosen,
            double[] policyRejected,
            double[] refChosen,
            double[] refRejected,
            double[] chosenLengths,
            double[] rejectedLengths,
            double[] weights,
            double[] flip) {
        double c(int n) {
            return policyChosen[n] - (refChosen == null ? 0 : refChosen[n]);
        }

        double r(int n) {
            return policyRejected[n] - (refRejected == null ? 0 : refRejected[n]);
        }

        double weight(int n) {
            return weights == null ? 1 : weights[n];
        }
    }

    /** Each [P]. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Result(
            double[] loss, double[] dchosen, double[] drejected, double[] chosenRewards, double[] rejectedRewards) {}

    /** A loss l and its derivatives with respect to log pi of the chosen and the rejected answer. */
    private record Terms(double loss, double dchosen, double drejected) {}

    /** A value and its derivative. */
    private record Curve(double value, double slope) {}

    /** upstream [P] multiplies each pair's gradient. */
    static Result compute(PreferenceSpec spec, Pairs x, double[] upstream) {
        int pairs = x.policyChosen.length;
        Result result = new Result(
                new double[pairs], new double[pairs], new double[pairs], new double[pairs], new double[pairs]);
        int[] counted = IntStream.range(0, pairs).filter(n -> x.weight(n) != 0).toArray();
        for (int n : counted) {
            result.chosenRewards[n] = spec.beta() * x.c(n);
            result.rejectedRewards[n] = spec.beta() * x.r(n);
            if (!spec.kind().sorts()) {
                Terms terms = terms(
                        spec,
                        x.c(n),
                        x.r(n),
                        x.chosenLengths == null ? 1 : x.chosenLengths[n],
                        x.rejectedLengths == null ? 1 : x.rejectedLengths[n],
                        x.flip == null ? spec.epsilon() : x.flip[n]);
                result.loss[n] = x.weight(n) * terms.loss;
                result.dchosen[n] = upstream[n] * x.weight(n) * terms.dchosen;
                result.drejected[n] = upstream[n] * x.weight(n) * terms.drejected;
            }
        }
        if (spec.kind().sorts()) {
            sorted(spec, x, upstream, counted, result);
        }
        return result;
    }

    private static void sorted(PreferenceSpec spec, Pairs x, double[] upstream, int[] counted, Result result) {
        boolean paired = spec.kind() == PreferenceSpec.Kind.AOT;
        double[] first = new double[x.policyChosen.length];
        double[] second = new double[x.policyChosen.length];
        for (int n : counted) {
            first[n] = paired ? x.policyChosen[n] - x.policyRejected[n] : x.c(n);
            second[n] = paired ? (x.refChosen == null ? 0 : x.refChosen[n] - x.refRejected[n]) : x.r(n);
        }
        int[] ofFirst = order(counted, first);
        int[] ofSecond = order(counted, second);
        for (int k = 0; k < counted.length; k++) {
            int n = ofFirst[k];
            Curve curve = conservative(spec.beta() * (first[n] - second[ofSecond[k]]), spec.epsilon());
            result.loss[n] = x.weight(n) * curve.value;
            double slope = upstream[n] * x.weight(n) * spec.beta() * curve.slope;
            result.dchosen[n] = slope;
            result.drejected[paired ? n : ofSecond[k]] = -slope;
        }
    }

    /** Sorting objects is stable. */
    private static int[] order(int[] counted, double[] values) {
        return Arrays.stream(counted)
                .boxed()
                .sorted(Comparator.comparingDouble(n -> values[n] + 0.0)) // no -0
                .mapToInt(n -> n)
                .toArray();
    }

    private static Terms terms(PreferenceSpec spec, double c, double r, double nc, double nr, double flip) {
        double beta = spec.beta();
        double half = 1 / (2 * beta);
        Curve hc = score(spec, c);
        Curve hr = score(spec, r);
        double x = beta * (hc.value - hr.value);
        return switch (spec.kind()) {
            case SIGMOID -> ofX(beta, conservative(x, flip), hc, hr);
            case ROBUST ->
                ofX(
                        beta,
                        new Curve(
                                (-(1 - flip) * logSigma(x) + flip * logSigma(-x)) / (1 - 2 * flip),
                                -((1 - flip) * sigma(-x) + flip * sigma(x)) / (1 - 2 * flip)),
                        hc,
                        hr);
            case HINGE -> ofX(beta, new Curve(Math.max(0, 1 - x), x < 1 ? -1 : 0), hc, hr);
            case IPO -> squared(hc.value - hr.value - half, hc.slope, hr.slope);
            case IPO_MEAN -> squared(hc.value / nc - hr.value / nr - half, hc.slope / nc, hr.slope / nr);
            case EXO -> {
                double ofKept = logSigma(x) - Math.log(1 - flip);
                double ofFlipped = logSigma(-x) - Math.log(flip);
                yield ofX(
                        beta,
                        new Curve(
                                sigma(x) * ofKept + sigma(-x) * ofFlipped, sigma(x) * sigma(-x) * (ofKept - ofFlipped)),
                        hc,
                        hr);
            }
            case NCA -> {
                double a = beta * hc.value;
                double b = beta * hr.value;
                yield new Terms(
                        -logSigma(a) - logSigma(-a) / 2 - logSigma(-b) / 2,
                        beta * hc.slope * (sigma(a) / 2 - sigma(-a)),
                        beta * hr.slope * sigma(b) / 2);
            }
            case BCO -> {
                double a = beta * hc.value - spec.parameter();
                double b = beta * hr.value - spec.parameter();
                yield new Terms(-logSigma(a) - logSigma(-b), -beta * hc.slope * sigma(-a), beta * hr.slope * sigma(b));
            }
            case SPPO ->
                new Terms(
                        Math.pow(hc.value - half, 2) + Math.pow(hr.value + half, 2),
                        2 * (hc.value - half) * hc.slope,
                        2 * (hr.value + half) * hr.slope);
            case APO_ZERO ->
                new Terms(
                        1 - sigma(beta * c) + sigma(beta * r),
                        -beta * sigma(beta * c) * sigma(-beta * c),
                        beta * sigma(beta * r) * sigma(-beta * r));
            case APO_DOWN -> {
                double slope = beta * sigma(x) * sigma(-x);
                yield new Terms(
                        sigma(beta * c) + 1 - sigma(x),
                        beta * sigma(beta * c) * sigma(-beta * c) - slope * hc.slope,
                        slope * hr.slope);
            }
            case DISCOPOP -> {
                double gate = sigma(x / spec.parameter());
                double gateSlope = gate * sigma(-x / spec.parameter()) / spec.parameter();
                double exp = Math.exp(Math.min(-x, LARGEST_EXPONENT));
                double expSlope = -x < LARGEST_EXPONENT ? -exp : 0;
                yield ofX(
                        beta,
                        new Curve(
                                -logSigma(x) * sigma(-x / spec.parameter()) + exp * gate,
                                -sigma(-x) * sigma(-x / spec.parameter())
                                        + (exp + logSigma(x)) * gateSlope
                                        + expSlope * gate),
                        hc,
                        hr);
            }
            case SIGMOID_MEAN -> {
                Curve curve = conservative(beta * (hc.value / nc - hr.value / nr), flip);
                yield new Terms(curve.value, beta * curve.slope * hc.slope / nc, -beta * curve.slope * hr.slope / nr);
            }
            case AOT, AOT_UNPAIRED -> throw new IllegalStateException(spec.kind() + " is no function of one pair");
        };
    }

    private static Terms ofX(double beta, Curve curve, Curve hc, Curve hr) {
        return new Terms(curve.value, beta * curve.slope * hc.slope, -beta * curve.slope * hr.slope);
    }

    private static Terms squared(double d, double chosenSlope, double rejectedSlope) {
        return new Terms(d * d, 2 * d * chosenSlope, -2 * d * rejectedSlope);
    }

    private static Curve conservative(double x, double flip) {
        return new Curve(-(1 - flip) * logSigma(x) - flip * logSigma(-x), -(1 - flip) * sigma(-x) + flip * sigma(x));
    }

    private static Curve score(PreferenceSpec spec, double u) {
        return switch (spec.divergence()) {
            case REVERSE_KL -> new Curve(u, 1);
            case FORWARD_KL -> exponential(-1, u);
            case JS -> new Curve(logSigma(u), sigma(-u));
            case ALPHA -> spec.alpha() == 1 ? new Curve(u, 1) : exponential(spec.alpha() - 1, u);
        };
    }

    /** {@code e^(k u) / k}. */
    private static Curve exponential(double k, double u) {
        double exp = Math.exp(Math.min(k * u, LARGEST_EXPONENT));
        return new Curve(exp / k, k * u < LARGEST_EXPONENT ? exp : 0);
    }

    private static double sigma(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double logSigma(double x) {
        return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
    }
}
