/** What weak models said of the same items. */
package dev.chorus.labels;
