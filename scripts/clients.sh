#!/usr/bin/env bash
# Loads what the demo saved in the real Paddle 2.6.2 and compares its outputs with ours on 64 MNIST test images; reads a training's
# event files back with TensorBoard.
#   scripts/clients.sh [DIR]      DIR is what scripts/demo.sh wrote (default demo/)
source "$(dirname "$0")/lib.sh"

"$("$root/scripts/clients/python.sh" tensorboard)" "$root/tests/clients/tensorboard_client.py" "$root/build/release/bin/intact"

models=${1:-$root/demo}
[ -f "$models/v1.pdmodel" ] || die "$models has no v1.pdmodel; run scripts/demo.sh first"
venv=$cache/paddle-2.6.2
if ! "$venv/bin/python" -c 'import zlib, paddle; assert paddle.__version__ == "2.6.2"' 2>/dev/null; then
  python=python3
  command -v python3.11 >/dev/null && python=python3.11
  say "installing paddlepaddle 2.6.2 into $venv"
  install_packages libgomp1
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/pip" install -q paddlepaddle==2.6.2 "numpy<2"
fi
exec "$venv/bin/python" "$root/tests/clients/paddle_client.py" \
  --intact "$root/build/release/bin/intact" --data "$("$root/scripts/get_mnist.sh")" --models "$models"
