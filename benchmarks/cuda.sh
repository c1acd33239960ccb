#!/usr/bin/env bash
# Builds the CUDA kernels on a machine with a GPU, tests them there and measures them: one command, nothing else is needed.
#   benchmarks/cuda.sh [--quick] [--no-sanitizer] [--arch LIST] [--build DIR]
# In order: the C++ tests on the GPU (ctest -L cuda), what the compiler says of the kernels (ctest -R ^cuda_), cuda_benchmark,
# where python3 has PyTorch for this GPU benchmarks/peers/cuda_ops.py, and the tests once more under compute-sanitizer's memcheck,
# racecheck, initcheck and synccheck. A step that fails does not stop those after it; the end says what passed.
#   --quick         of the sanitizer's tools memcheck alone, and no PyTorch
#   --no-sanitizer  for a machine without compute-sanitizer, which is otherwise a failure
#   --arch LIST     what to compile for, as CMake writes it, such as 90-real; all that a release has if it is not given
#   --build DIR     where to build (benchmarks/target/cuda); logs and results are in DIR/results
# Needs nvcc of CUDA 12.8 or newer (on the PATH, in CUDACXX, or in /usr/local/cuda), CMake 3.20 and a C++ compiler.
# CHORUS_CUBLAS names a libcublas.so where the loader finds none, PYTHON another python3. Exit status: 0, 1 if a step failed,
# 2 for bad arguments, 77 without nvcc or without a GPU.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/benchmarks/target/cuda
quick=no
sanitizer=yes
architectures=()
python=${PYTHON:-python3}

usage() {
  echo "cuda.sh: $1; usage: benchmarks/cuda.sh [--quick] [--no-sanitizer] [--arch LIST] [--build DIR]" >&2
  exit 2
}
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=yes ;;
    --no-sanitizer) sanitizer=no ;;
    --arch)
      if [ -z "${2:-}" ]; then usage "--arch needs a list"; fi
      architectures=(-DCHORUS_CUDA_ARCHITECTURES="$2")
      shift
      ;;
    --build)
      if [ -z "${2:-}" ]; then usage "--build needs a folder"; fi
      mkdir -p "$2" 2>/dev/null || usage "$2 cannot be made"
      build=$(cd "$2" && pwd)
      shift
      ;;
    --help | -h)
      sed -n '2,/^set -/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) usage "what is $1?" ;;
  esac
  shift
done

# Whether a program is there: a path, or a name on the PATH.
has() { command -v "$1" >/dev/null 2>&1; }

nvcc=${CUDACXX:-nvcc}
has "$nvcc" || nvcc=/usr/local/cuda/bin/nvcc
if ! has "$nvcc"; then
  echo "skipped: nvcc is not on the PATH, in CUDACXX or in /usr/local/cuda; install the CUDA toolkit 12.8 or newer"
  exit 77
fi
if ! { has nvidia-smi && nvidia-smi -L 2>/dev/null | grep -q GPU; } && ! compgen -G '/dev/nvidia[0-9]*' >/dev/null; then
  echo "skipped: there is no NVIDIA GPU here (nvidia-smi lists none, and there is no /dev/nvidia0)"
  exit 77
fi
has cmake || usage "cmake is not on the PATH"

results=$build/results
mkdir -p "$results"
summary=()
failed=no
passed() { summary+=("passed   $1"); }
skipped() { summary+=("skipped  $1: $2"); }
fails() {
  summary+=("FAILED   $1: $2")
  failed=yes
}
# finish: prints the summary and ends.
finish() {
  printf '\n'
  printf '%s\n' "${summary[@]}"
  echo "logs and results: $results"
  [ "$failed" = no ] || exit 1
  exit 0
}
# logged NAME COMMAND...: runs it, shows what it says, and keeps that in results/NAME.log. The exit status is the command's.
logged() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  "$@" 2>&1 | tee "$results/$name.log"
}

commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
if [ -n "$(git -C "$root" status --porcelain 2>/dev/null || true)" ]; then commit=$commit-dirty; fi
if ! logged configure cmake -S "$root/native" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CUDA_COMPILER="$nvcc" \
    -DCHORUS_TESTS=ON -DCHORUS_CUDA=ON -DCHORUS_COMMIT="$commit" ${architectures[@]+"${architectures[@]}"}; then
  fails configure "see $results/configure.log"
  finish
fi
tests=$(cmake --build "$build" --target help | grep -oE '[a-z0-9_]+_cuda_test\b' | sort -u || true)
jobs=$(nproc 2>/dev/null || echo 2)
# shellcheck disable=SC2086 # one word a target
if ! logged build cmake --build "$build" --parallel "$jobs" --target chorus_cuda cuda_benchmark $tests; then
  fails build "see $results/build.log"
  finish
fi
passed "build of $commit by $("$nvcc" --version | grep -o 'release [0-9.]*')"

# check NAME CTEST-ARGUMENTS...
check() {
  local name=$1
  shift
  if ! logged "$name" ctest --test-dir "$build" --output-on-failure --no-tests=error "$@"; then
    fails "$name" "see $results/$name.log"
  elif grep -q 'Skipped' "$results/$name.log"; then
    fails "$name" "a test program cannot use the GPU; run $build/token_logprob_cuda_test to see why"
  else
    passed "$name"
  fi
}
check tests-on-the-GPU -L cuda
check compiled-kernels -R '^cuda_'

# cuBLAS is the toolkit's, or else that of PyTorch.
if [ -z "${CHORUS_CUBLAS:-}" ]; then
  toolkit=$(dirname "$(command -v "$nvcc")")/..
  packages=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])' 2>/dev/null || true)
  for library in "$toolkit"/lib64/libcublas.so.1[0-9] "$packages"/nvidia/*/lib/libcublas.so.1[0-9]; do
    if [ -e "$library" ]; then
      export CHORUS_CUBLAS=$library
      break
    fi
  done
fi
status=0
logged cuda_benchmark "$build/cuda_benchmark" --json "$results/cuda_benchmark.json" || status=$?
case $status in
  0)
    passed cuda_benchmark
    while IFS= read -r line; do
      skipped cuda_benchmark "${line#*skipped: }"
    done < <(grep -E '^ +skipped: ' "$results/cuda_benchmark.log" | sort -u || true)
    ;;
  *) fails cuda_benchmark "see $results/cuda_benchmark.log" ;;
esac

if [ "$quick" = yes ]; then
  skipped cuda_ops.py "--quick"
elif ! has "$python" || ! "$python" -c 'import torch' 2>/dev/null; then
  skipped cuda_ops.py "$python has no PyTorch"
else
  status=0
  logged cuda_ops "$python" "$root/benchmarks/peers/cuda_ops.py" "$build/libchorus_cuda.so" \
    --json "$results/cuda_ops.json" --csv "$results/cuda_ops.csv" || status=$?
  case $status in
    0) passed cuda_ops.py ;;
    77) skipped cuda_ops.py "$(grep skipped "$results/cuda_ops.log" | tail -1)" ;;
    *) fails cuda_ops.py "see $results/cuda_ops.log" ;;
  esac
fi

if [ "$sanitizer" = no ]; then
  skipped compute-sanitizer "--no-sanitizer"
else
  compute_sanitizer=compute-sanitizer
  has "$compute_sanitizer" || compute_sanitizer=$(dirname "$(command -v "$nvcc")")/compute-sanitizer
  tools="memcheck racecheck initcheck synccheck"
  if [ "$quick" = yes ]; then tools=memcheck; fi
  if ! has "$compute_sanitizer"; then
    fails compute-sanitizer "it is not on the PATH nor beside nvcc; --no-sanitizer leaves it out"
  else
    for tool in $tools; do
      # What the tests fill with NaN would count as written.
      fill=1
      if [ "$tool" = initcheck ]; then fill=0; fi
      bad=
      for test in $tests; do
        logged "$tool-$test" env CHORUS_TEST_FILL="$fill" "$compute_sanitizer" --tool "$tool" --error-exitcode 99 \
          "$build/$test" || bad="$bad $test"
      done
      if [ -n "$bad" ]; then
        fails "$tool" "in$bad"
      else
        passed "$tool of $(echo "$tests" | wc -w) test programs"
      fi
    done
  fi
fi
finish
