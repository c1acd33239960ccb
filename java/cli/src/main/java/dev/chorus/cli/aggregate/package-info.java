/** {@code chorus aggregate}: one label, its probability and its uncertainty from many labelers' votes. */
package dev.chorus.cli.aggregate;
