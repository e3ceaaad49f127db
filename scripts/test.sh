#!/usr/bin/env bash
# Installs what is missing, builds and runs all tests. Extra arguments go to ctest, e.g. scripts/test.sh -L ops
source "$(dirname "$0")/lib.sh"

"$root/scripts/setup.sh"
build release --target all tests
cd "$root/build/release"
exec ctest --output-on-failure --parallel 2 "$@"
