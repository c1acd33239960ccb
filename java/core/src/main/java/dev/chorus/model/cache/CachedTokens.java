package dev.chorus.model.cache;

import org.bytedeco.pytorch.Tensor;

/**
 * Where a batch's tokens lie and what each of them sees.
 *
 * @param cache   of all layers
 * @param slots   [N] int64: page times sixteen and place, where every token's key and value go
 * @param table   [S, P] int32: the pages of every sequence
 * @param rows    [N] int32: the sequence of every token
 * @param lengths [N] int32: keys that every token sees, its own included
 */
public record CachedTokens(KeyValueCache cache, Tensor slots, Tensor table, Tensor rows, Tensor lengths) {}
