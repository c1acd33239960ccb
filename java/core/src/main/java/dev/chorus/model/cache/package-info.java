/** Keys and values that attention has seen, in pages that sequences share. */
package dev.chorus.model.cache;
