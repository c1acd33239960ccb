/** Files on disk: what kind a path is, small files read within bounds, files and folders that appear whole or not at all. */
package dev.chorus.files;
