/** How parameters change: optimizers and learning-rate schedules. */
package dev.chorus.train.optim;
