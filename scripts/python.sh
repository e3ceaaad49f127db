#!/usr/bin/env bash
# Builds the Python package's wheel on the library of build/release, installs it in an environment of its own and tests it.
#   scripts/python.sh [--python PYTHON] [pytest arguments]     e.g. --mnist DIR: the tutorial on all of MNIST
# The wheel is left in dist/. `pip install .` does without this script: it compiles the library itself.
source "$(dirname "$0")/lib.sh"

python=python3
if [ "${1:-}" = --python ]; then
  python=$2
  shift 2
fi
"$root/scripts/setup.sh"
build release --target intact_cli intact_runtime_shared intact_runtime_static | tail -n 1 >&2
prefix=$root/build/python/prefix
cmake --install "$root/build/release" --prefix "$prefix" >/dev/null

version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
venv=$cache/python-$version
requirements=$root/python/requirements.txt
if ! cmp -s "$requirements" "$venv/.complete"; then
  say "installing $(tr '\n' ' ' <"$requirements")into $venv"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$requirements"
  cp "$requirements" "$venv/.complete"
fi

dist=$root/dist
mkdir -p "$dist"
rm -f "$dist"/intact-*.whl
say "building the wheel for Python $version"
"$venv/bin/pip" wheel -q --disable-pip-version-check --no-build-isolation --no-deps -w "$dist" "$root" \
  --config-settings=cmake.source-dir=python --config-settings=cmake.define.CMAKE_PREFIX_PATH="$prefix"
"$venv/bin/pip" install -q --disable-pip-version-check --force-reinstall --no-deps "$dist"/intact-*.whl
"$venv/bin/python" "$root/python/support/check_size.py" "$dist"/intact-*.whl
cd "$root"
exec "$venv/bin/python" -m pytest -q -p no:cacheprovider python/tests "$@"
