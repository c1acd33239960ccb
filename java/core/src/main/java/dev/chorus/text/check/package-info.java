/** What is looked at in a stranger's tokenizer before the native library, which a bad file can end, gets to see it. */
package dev.chorus.text.check;
