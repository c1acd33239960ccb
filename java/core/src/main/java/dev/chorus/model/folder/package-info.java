/** Models and adapters on disk, in Hugging Face's layout. */
package dev.chorus.model.folder;
