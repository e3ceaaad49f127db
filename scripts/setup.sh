#!/usr/bin/env bash
# Installs what building needs on Debian 12. May be run again; does nothing when all is there.
#   scripts/setup.sh           what the build, the tests and the demo need
#   scripts/setup.sh --checks  also what .ci/run needs: clang with libFuzzer, the pinned clang-format, Chromium
source "$(dirname "$0")/lib.sh"

install_packages g++ cmake ninja-build ccache git ca-certificates python3 python3-dev python3-venv \
  libhwy-dev libprotobuf-dev protobuf-compiler libonnx-dev libonnx-testdata libfmt-dev libcli11-dev nlohmann-json3-dev \
  zlib1g-dev libgtest-dev libgmock-dev libbenchmark-dev
command -v npm >/dev/null || install_packages npm || say "npm could not be installed: the demo will use Fashion-MNIST"

if [ "${1:-}" = --checks ]; then
  install_packages clang libclang-rt-14-dev llvm chromium chromium-driver
  tools=$cache/tools
  if ! "$tools/bin/clang-format" --version 2>/dev/null | grep -q 14.0.6; then
    say "installing clang-format 14.0.6 into $tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install -q clang-format==14.0.6
  fi
fi
