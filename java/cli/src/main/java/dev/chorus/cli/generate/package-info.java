/** {@code chorus generate}: completions of prompts by a language model. */
package dev.chorus.cli.generate;
