#!/usr/bin/env bash
# scripts/fuzz.sh SECONDS: runs each libFuzzer target that long (default 20) from its corpus in tests/fuzz/corpus, new inputs going to
# build/fuzz/corpus. Stops at the first crash; the input is left in build/fuzz as crash-*, and belongs into the corpus once it is fixed.
source "$(dirname "$0")/lib.sh"

seconds=${1:-20}
"$root/scripts/setup.sh" --checks
cmake -S "$root" --preset fuzz > /dev/null
cmake --build "$root/build/fuzz" --target fuzz_pdmodel fuzz_pdiparams fuzz_onnx fuzz_idx
cd "$root/build/fuzz"
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
for target in fuzz_pdmodel fuzz_pdiparams fuzz_onnx fuzz_idx; do
  printf '== %s for %s s\n' "$target" "$seconds"
  mkdir -p "corpus/$target"
  dictionary="$root/tests/fuzz/$target.dict"
  # -rss_limit_mb, -malloc_limit_mb: inputs of some kilobytes must not take more than this.
  "bin/$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 -print_funcs=0 -print_final_stats=1 \
    $([[ -f $dictionary ]] && echo "-dict=$dictionary") "corpus/$target" "$root/tests/fuzz/corpus/$target"
done
