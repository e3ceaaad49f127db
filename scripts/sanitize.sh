#!/usr/bin/env bash
# Builds tests and fuzzers with Clang, AddressSanitizer and UBSan, and runs the unit tests (not the slow end_to_end ones).
source "$(dirname "$0")/lib.sh"

"$root/scripts/setup.sh" --checks
build fuzz
cd "$root/build/fuzz"
ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
  ctest --output-on-failure --parallel 2 -LE 'end_to_end|tools|package' "$@"
