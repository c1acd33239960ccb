/** What models are taught and asked: a prompt, an answer and how it is scored; one room for each data set. */
package dev.chorus.task;
