/** What a checkpoint's {@code config.json} describes and what its tensors are called, family by family. Plain Java. */
package dev.chorus.model.family;
