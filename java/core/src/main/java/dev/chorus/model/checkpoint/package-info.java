/**
 * Weights on disk: safetensors files, one or several to a folder, read without being believed and written without being
 * left half done. The format's rules are in docs/checkpoints.md.
 *
 * <p>{@link dev.chorus.model.checkpoint.TensorStore} is a folder, {@link dev.chorus.model.checkpoint.SafetensorsFile} one
 * file, {@link dev.chorus.model.checkpoint.SafetensorsWriter} makes both.
 */
package dev.chorus.model.checkpoint;
