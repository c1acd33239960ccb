#!/usr/bin/env bash
# Builds what is missing and runs the JMH benchmarks; arguments go to JMH, such as a class name or -f 3.
# The result is printed and written to benchmarks/results.json (JMH's own form).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mvn -q -B -DskipTests -Dmaven.test.skip=true -f "$root/pom.xml" package
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-0}
jar=$(ls "$root"/benchmarks/target/chorus-benchmarks-*.jar)
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$jar:$root/benchmarks/target/lib/*" org.openjdk.jmh.Main \
  -rf json -rff "$root/benchmarks/results.json" "$@"
