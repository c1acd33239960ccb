package dev.chorus.model.family;

import java.util.List;

/**
 * A model family of Hugging Face checkpoints: how its {@code config.json} describes a decoder, and what its tensors are
 * called. A new family is one such class, its line in {@link Families}, and a fixture for the parity test.
 */
public interface Family {
    /** {@code model_type}. */
    String modelType();

    /** Name that transformers gives the classes: this, then {@code ForCausalLM} or the like. */
    String className();

    /** Class of the language model; GPT-2 differs from the rest. */
    default String languageModelClass() {
        return className() + "ForCausalLM";
    }

    /**
     * What the config describes, as a language model.
     *
     * @throws ConfigProblem if a key is missing or of the wrong kind, or asks for what is not built
     */
    Architecture read(ConfigJson config);

    /** What its tensors are called. */
    TensorNames names();

    /** Modules that an adapter changes if nothing else is said: PEFT's choice for this family. */
    List<String> adapterTargets();
}
