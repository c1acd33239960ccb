/** Functions of numbers and rows of numbers, in double; no native library. */
package dev.chorus.math;
