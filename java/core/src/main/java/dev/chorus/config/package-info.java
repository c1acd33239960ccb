/** Reading a configuration: YAML to records, strictly, with messages for people. */
package dev.chorus.config;
