#!/usr/bin/env bash
# Builds tests and fuzzers with Clang, AddressSanitizer and UBSan, and runs the unit tests (not the slow end_to_end ones), a process a
# room: ctest starts one for every test, and starting takes longer there than most tests do.
source "$(dirname "$0")/lib.sh"

"$root/scripts/setup.sh" --checks
build fuzz --target tests
cd "$root/build/fuzz"
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
find bin -name '*_test' ! -name end_to_end_test | sort | xargs -P 2 -I{} sh -c '{} --gtest_brief=1 || { echo "{} failed"; exit 255; }'
