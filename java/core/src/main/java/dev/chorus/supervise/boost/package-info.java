/**
 * Boosting weak models into a team that teaches (EnsemW2S, arXiv:2410.04571): each next model is trained on what those before it
 * got wrong. Plain arrays.
 */
package dev.chorus.supervise.boost;
