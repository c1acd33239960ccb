/** One class an op: checks its arguments and calls the kernel for the device; a reference in double beside it. */
package dev.chorus.kernels;
