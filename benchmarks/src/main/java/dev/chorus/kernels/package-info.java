/** How fast the kernels are, beside LibTorch's operators and their floors. */
package dev.chorus.kernels;
