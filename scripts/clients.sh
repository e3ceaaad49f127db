#!/usr/bin/env bash
# Other people's programs read what ours writes. Paddle 2.6.2 loads what the demo saved, and its outputs are compared with ours on 64
# MNIST test images; TensorBoard reads the event files of a training; ONNX Runtime on an emulated CPU without VNNI computes our integers
# of a portable model, and others where its weights are unbounded.
#   scripts/clients.sh [DIR]      DIR is what scripts/demo.sh wrote (default demo/)
source "$(dirname "$0")/lib.sh"

models=${1:-$root/demo}
[ -f "$models/v1.pdmodel" ] || die "$models has no v1.pdmodel; run scripts/demo.sh first"
install_packages libgomp1 qemu-user
intact=$root/build/release/bin/intact
data=$("$root/scripts/get_mnist.sh")
"$("$root/scripts/clients/python.sh" paddle)" "$root/tests/clients/paddle_client.py" --intact "$intact" --data "$data" --models "$models"
"$("$root/scripts/clients/python.sh" tensorboard)" "$root/tests/clients/tensorboard_client.py" "$intact"
python3 "$root/tests/clients/saturation_client.py" "$intact" "$data"
