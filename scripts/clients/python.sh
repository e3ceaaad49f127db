#!/usr/bin/env bash
# scripts/clients/python.sh CLIENT: prints the Python of the client's own virtual environment, which is made on first use from
# CLIENT.txt and kept in the cache (INTACT_CACHE, XDG_CACHE_HOME or ~/.cache).
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${INTACT_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/intact}
client=$1
requirements=$folder/$client.txt
[ -f "$requirements" ] || {
  printf 'error: there is no client %s\n' "$client" >&2
  exit 1
}
version=$(sed -n '1s/.*==//p' "$requirements")
venv=$cache/$client-$version
if ! [ -f "$venv/.complete" ] || ! cmp -s "$requirements" "$venv/.complete"; then
  python=python3
  wanted=3.11
  [ "$client" = paddlelite ] && wanted=3.10 # the newest it has a wheel for
  for candidate in "python$wanted" "${PYENV_ROOT:-${HOME:-/}/.pyenv}"/versions/"$wanted".*/bin/python; do
    "$candidate" -c '' 2>/dev/null && python=$candidate && break
  done
  printf 'installing %s %s into %s\n' "$client" "$version" "$venv" >&2
  rm -rf "$venv"
  "$python" -m venv "$venv" >&2
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$requirements" >&2
  cp "$requirements" "$venv/.complete"
fi
printf '%s\n' "$venv/bin/python"
