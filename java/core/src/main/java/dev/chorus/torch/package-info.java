/** The thin layer over LibTorch: scopes, tensors, randomness, streams. */
package dev.chorus.torch;
