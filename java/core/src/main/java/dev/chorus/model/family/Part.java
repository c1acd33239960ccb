package dev.chorus.model.family;

/** The modules of a decoder that have weights; every {@link Family} has its own names for them. */
public enum Part {
    /** Token table [V, E]. */
    EMBEDDING,
    /** Position table [P, C]. */
    POSITIONS,
    /** Norm behind the embedding. */
    EMBEDDING_NORM,
    /** From the table's channels to the residual stream's. */
    PROJECT_IN,
    /** Back, before the head. */
    PROJECT_OUT,
    /** Norm behind the last block. */
    FINAL_NORM,
    /** Language-model head. */
    HEAD,
    /** Classification head. */
    SCORE,
    /** Norm in front of attention, or behind it if norms come last. */
    ATTENTION_NORM,
    /** Query, key and value in one matrix. */
    QKV,
    /** Query projection. */
    QUERY,
    /** Key projection. */
    KEY,
    /** Value projection. */
    VALUE,
    /** Norm of every query head. */
    QUERY_NORM,
    /** Norm of every key head. */
    KEY_NORM,
    /** Projection of the attended values. */
    ATTENTION_OUT,
    /** Second norm of attention, behind it. */
    AFTER_ATTENTION_NORM,
    /** Norm in front of the feed-forward part, or behind it. */
    MLP_NORM,
    /** Gate and up in one matrix. */
    GATE_UP,
    /** Gate projection. */
    GATE,
    /** First projection of the feed-forward part. */
    UP,
    /** Last projection of it. */
    DOWN,
    /** Second norm of the feed-forward part, behind it. */
    AFTER_MLP_NORM
}
