#!/usr/bin/env bash
# Runs each libFuzzer target from its corpus in tests/fuzz/corpus, new inputs going to build/fuzz/corpus. Stops at the first crash; the
# input is left in build/fuzz as crash-*, and belongs into the corpus once it is fixed.
#   scripts/fuzz.sh [SECONDS]     explores that long for each target (default 20), elsewhere every time
#   scripts/fuzz.sh --runs N      tries N inputs for each target, the same ones every time: for .ci/run
source "$(dirname "$0")/lib.sh"

found=corpus
effort=(-max_total_time="${1:-20}")
if [ "${1:-}" = --runs ]; then
  effort=(-runs="$2" -seed=1 -verbosity=0)
  found=$(mktemp -d)  # empty, so that every run starts from the same inputs
fi
"$root/scripts/setup.sh" --checks
cmake -S "$root" --preset fuzz > /dev/null
cmake --build "$root/build/fuzz" --target fuzz_pdmodel fuzz_pdiparams fuzz_onnx fuzz_idx
cd "$root/build/fuzz"
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
for target in fuzz_pdmodel fuzz_pdiparams fuzz_onnx fuzz_idx; do
  printf '== %s %s\n' "$target" "${effort[*]}"
  mkdir -p "$found/$target"
  dictionary="$root/tests/fuzz/$target.dict"
  # -rss_limit_mb, -malloc_limit_mb: inputs of some kilobytes must not take more than this.
  "bin/$target" "${effort[@]}" -max_len=65536 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 -print_funcs=0 -print_final_stats=1 \
    $([[ -f $dictionary ]] && echo "-dict=$dictionary") "$found/$target" "$root/tests/fuzz/corpus/$target"
done
