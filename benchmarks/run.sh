#!/usr/bin/env bash
# Builds what is missing, runs the JMH benchmarks, and writes benchmarks/results.csv and the table of README.md.
#   benchmarks/run.sh [short|full] [arguments for JMH, such as a class name or -f 5]
# short (the default) takes at most five minutes; full, three forks of every benchmark, takes about an hour.
# JMH's own output stays in benchmarks/results.json.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

profile=short
case ${1:-} in
  short | full)
    profile=$1
    shift
    ;;
esac
options=()
if [ "$profile" = short ]; then
  # The references and the larger compositions are for the full profile.
  options=(-f 1 -wi 1 -w 200ms -i 1 -r 600ms -e 'reference' -e 'libtorchAll')
fi

mvn -q -B -DskipTests -Dmaven.test.skip=true -f "$root/pom.xml" -pl java/core,benchmarks package
# What the run itself rewrites is no change of what it measures.
commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
changes=$(git -C "$root" status --porcelain -- . ':!benchmarks/results.csv' ':!README.md' 2>/dev/null || true)
if [ -n "$changes" ]; then commit=$commit-dirty; fi

# Read when libgomp loads: LibTorch's OpenMP team would spin while OpenBLAS's threads work, and both would starve.
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-0}
path=$(ls "$root"/benchmarks/target/chorus-benchmarks-*.jar):$root/benchmarks/target/lib/*
"$java" -cp "$path" org.openjdk.jmh.Main -foe true -rf json -rff "$root/benchmarks/results.json" \
  -jvmArgs "-Xms1g -Xmx1g -XX:+UseSerialGC -Dorg.bytedeco.javacpp.maxPhysicalBytes=0" \
  -prof dev.chorus.benchmarks.PeakMemory ${options[@]+"${options[@]}"} "$@"
"$java" -cp "$path" dev.chorus.benchmarks.results.WriteResults \
  "$root/benchmarks/results.json" "$root/benchmarks/results.csv" "$root/README.md" "$profile" "$commit"
