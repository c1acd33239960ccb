/**
 * Measures of finished work: accuracy, slot filling, calibration, the performance gap recovered, and what the numbers
 * of a few seeds allow to be said. Plain arrays in, plain numbers out; nothing here needs LibTorch or another package.
 */
package dev.chorus.eval;
