/** Tokenizers, and the text that tokens make. */
package dev.chorus.text;
