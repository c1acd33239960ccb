package dev.chorus.model.block;

import dev.chorus.model.cache.CachedTokens;
import dev.chorus.model.weights.Adapter;
import dev.chorus.model.weights.Precision;
import dev.chorus.torch.CounterRandom;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What all blocks share during one pass over a batch.
 *
 * @param packing   where the flat tokens lie; null if they attend through a cache
 * @param cached    where their keys and values are, in inference; null otherwise
 * @param rotation  of queries and keys; null if positions are not rotary
 * @param precision of matrix products
 * @param adapter   low-rank additions that are switched on, or null
 * @param dropout   stream of the adapters' dropout masks; null outside training
 */
public record PassContext(
        Packing packing,
        CachedTokens cached,
        Rotation rotation,
        Precision precision,
        Adapter adapter,
        CounterRandom dropout) {

    /** Whether nothing is trained here, so that operators may work in place and need no gradient. */
    boolean inference() {
        return cached != null;
    }

    /** The tensor in the dtype of the products; itself if it has that already. */
    Tensor compute(Tensor tensor) {
        return tensor.to(precision.type());
    }

    /** A mask of 0 and 1/(1-p), a function of the pass and the module alone, so that a block computed again drops the same. */
    Tensor dropoutMask(Tensor like, String module, double p) {
        try (Generator generator = torch.make_generator_cpu(dropout.bits(module.hashCode()))) {
            return torch.empty_like(like)
                    .bernoulli_(1 - p, new GeneratorOptional(generator))
                    .div_(new org.bytedeco.pytorch.Scalar(1 - p));
        }
    }
}
