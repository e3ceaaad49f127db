# Shared by the scripts: source it. Plain words, one line each, to standard error.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${INTACT_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/intact}

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing packages needs root: run scripts/setup.sh as root once"
  fi
}

# install_packages NAME...: Debian packages, only those that are missing, so a second run needs no network.
install_packages() {
  local missing=()
  local name
  for name in "$@"; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "needs Debian's apt-get to install: ${missing[*]}"
  say "installing: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [cmake --build arguments]: configures and builds, through ccache when it is there.
build() {
  local preset=$1 log
  shift
  if command -v ccache >/dev/null && [ -z "${INTACT_NO_CCACHE:-}" ]; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
  log=$(mktemp)
  (cd "$root" && cmake --preset "$preset" >"$log" 2>&1) || {
    cat "$log" >&2
    die "configuring preset $preset failed"
  }
  rm -f "$log"
  cmake --build "$root/build/$preset" "$@"
}
