#!/usr/bin/env bash
# Formats every C++ file with the pinned clang-format; --check only says which differ.
source "$(dirname "$0")/lib.sh"

formatter=$cache/tools/bin/clang-format
[ -x "$formatter" ] || "$root/scripts/setup.sh" --checks
cd "$root"
mode=-i
[ "${1:-}" = --check ] && mode="--dry-run --Werror"
# shellcheck disable=SC2086
git ls-files -z -- '*.h' '*.cc' | xargs -0 "$formatter" --style=file $mode
