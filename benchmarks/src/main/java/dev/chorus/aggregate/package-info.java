/** How fast votes become labels. */
package dev.chorus.aggregate;
