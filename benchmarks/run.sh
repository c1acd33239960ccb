#!/usr/bin/env bash
# Builds what is missing, runs the JMH benchmarks, and writes benchmarks/results.csv and the table of README.md.
#   benchmarks/run.sh [short|full] [arguments for JMH, such as a class name or -p dtype=bf16]
# short (the default) measures once, for at most five minutes on two idle cores, the shapes that matter most; with arguments,
# whatever they choose, for as long as the profile says (JMH takes -f, -wi, -i and their like once, so they are for full).
# full measures everything in three forks and takes more than an hour.
# JMH's own output stays in benchmarks/target/results.
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

mvn -q -B -DskipTests -Dmaven.test.skip=true -f "$root/pom.xml" -pl java/core,benchmarks package
# What the run itself rewrites is no change of what it measures.
commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
changes=$(git -C "$root" status --porcelain -- . ':!benchmarks/results.csv' ':!README.md' 2>/dev/null || true)
if [ -n "$changes" ]; then commit=$commit-dirty; fi

# Read when libgomp loads: LibTorch's OpenMP team would spin while OpenBLAS's threads work, and both would starve.
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-0}
path="$(ls "$root"/benchmarks/target/chorus-benchmarks-*.jar):$root/benchmarks/target/lib/*"
results=$root/benchmarks/target/results
rm -rf "$results"
mkdir -p "$results"

# measure NAME ARGUMENTS...: one run of JMH, into NAME.json.
measure() {
  local name=$1
  shift
  "$java" -cp "$path" org.openjdk.jmh.Main -foe true -rf json -rff "$results/$name.json" \
    -jvmArgs "-Xms1g -Xmx1g -XX:+UseSerialGC -Dorg.bytedeco.javacpp.maxPhysicalBytes=0" \
    -prof dev.chorus.benchmarks.PeakMemory "$@"
}

# The references and the larger compositions are for the full profile.
once=(-f 1 -wi 1 -w 200ms -i 1 -r 1s -e '\.reference' -e '\.libtorchAll')
if [ "$profile" = full ]; then
  measure all "$@"
elif [ $# -gt 0 ]; then
  measure all "${once[@]}" "$@"
else
  measure token-logprob TokenLogProb "${once[@]}" -p shape=512x32000
  measure ensemble-logprob EnsembleLogProb "${once[@]}" -p shape=5x512x32000
  measure linear-logprob LinearLogProb "${once[@]}" -p shape=4096x1024x32000 -p dtype=f32
  measure evidential Evidential "${once[@]}" -p shape=65536x5x18 -p dtype=f32
  measure preference Preference "${once[@]}" -p shape=4096
  measure dirichlet-aggregation DirichletAggregation "${once[@]}" -p shape=1000000x5x10
  measure training-step TrainingStep "${once[@]}" -p threads=2
fi
"$java" -cp "$path" dev.chorus.benchmarks.results.WriteResults \
  "$root/benchmarks/results.csv" "$root/README.md" "$profile" "$commit" "$results"/*.json
