#!/usr/bin/env bash
# Runs each peer and intact alternately on the same networks and prints ratios of medians.
#   scripts/compare.sh          peers whose packages are small: ONNX Runtime, OpenVINO
#   scripts/compare.sh --all    also PyTorch (5.5 GB) and Paddle with PaddleSlim
#   scripts/compare.sh NAME...  of onnxruntime openvino pytorch paddle; onnxruntime_export: our int8 file and that of ONNX Runtime's
#                               own tool; python: our own package against the command
# What follows -- goes to the peer's script: scripts/compare.sh pytorch -- --networks resnet18 --rounds 3
# Rows are also written to build/compare/NAME.json. Leave the machine alone meanwhile.
source "$(dirname "$0")/lib.sh"

venv_with() { # venv_with NAME PACKAGE...: makes the virtual environment once, prints its python
  local venv=$cache/compare-$1
  shift
  if [ ! -f "$venv/ready" ]; then
    say "installing $* into $venv"
    local python=python3
    command -v python3.11 >/dev/null && python=python3.11
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/pip" install -q "$@" >&2
    touch "$venv/ready"
  fi
  echo "$venv/bin/python"
}

run() { # run PYTHON SCRIPT [ARGUMENT...]
  local python=$1 name=$2
  shift 2
  "$python" "$root/bench/compare/$name.py" --intact "$root/build/release/bin/intact" --json "$root/build/compare/$name.json" "$@" "${options[@]}"
}

peers=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  peers+=("$1")
  shift
done
options=("${@:2}")
[ ${#peers[@]} -gt 0 ] || peers=(onnxruntime openvino)
[ "${peers[0]}" != --all ] || peers=(onnxruntime openvino pytorch paddle)
"$root/scripts/setup.sh"
build release --target intact_cli >&2
for peer in "${peers[@]}"; do
  case $peer in
    onnxruntime) run "$(venv_with onnxruntime onnxruntime==1.32.0 numpy==2.4.6)" onnxruntime_infer --data "$("$root/scripts/get_mnist.sh")" ;;
    onnxruntime_export)
      run "$(venv_with onnxruntime_export onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6)" onnxruntime_export \
        --data "$("$root/scripts/get_mnist.sh")"
      ;;
    openvino) run "$(venv_with openvino openvino==2026.4.1 numpy==2.4.6)" openvino_infer --data "$("$root/scripts/get_mnist.sh")" ;;
    pytorch) run "$(venv_with pytorch torch==2.15.0 numpy==2.4.6)" pytorch ;;
    paddle)
      install_packages libgl1 libglib2.0-0 libgomp1
      run "$(venv_with paddle paddlepaddle==2.6.2 paddleslim==2.6.0 "numpy<2" "opencv-python-headless<4.9" "matplotlib<3.9" \
        "pandas<2.2" "scikit-learn<1.5" six requests)" paddle_train
      ;;
    python)
      "$root/scripts/python.sh" -k test_docstrings >&2
      run "$cache/python-$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')/bin/python" python_step
      ;;
    *) die "unknown peer '$peer'; known: onnxruntime onnxruntime_export openvino pytorch paddle python" ;;
  esac
done
