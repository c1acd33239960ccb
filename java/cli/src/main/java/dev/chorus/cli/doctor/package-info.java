/** What {@code chorus doctor} looks at, one class a question. */
package dev.chorus.cli.doctor;
