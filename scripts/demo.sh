#!/usr/bin/env bash
# The whole story on real MNIST: set up, build, train MobileNetV1, quantize and fine-tune, convert, verify, summarize.
#   scripts/demo.sh [--out DIR] [--limit IMAGES] [--seed N] [--threads N]
# Writes to demo/ unless --out says otherwise. --limit trains on that many images, for a quick look.
source "$(dirname "$0")/lib.sh"

out=$root/demo
seed=0
threads=0
limit=()
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=$2 ;;
    --limit) limit=(--limit "$2") ;;
    --seed) seed=$2 ;;
    --threads) threads=$2 ;;
    *) die "unknown option $1; options are --out, --limit, --seed, --threads" ;;
  esac
  shift 2
done

"$root/scripts/setup.sh"
say "building"
build release --target intact_cli | tail -n 1 >&2
data=$("$root/scripts/get_mnist.sh")
mkdir -p "$out"
out=$(cd "$out" && pwd)
intact=$root/build/release/bin/intact
common=(--seed "$seed" --threads "$threads")

"$intact" train --model mobilenet_v1 --data "$data" --epochs 1 --batch-size 64 --learning-rate 0.01 --momentum 0.9 \
  --out "$out/run_float" --json "$out/float.json" "${limit[@]}" "${common[@]}"
"$intact" quantize "$out/run_float" --data "$data" --epochs 1 --out "$out/run_quantized" --json "$out/quantized.json" \
  "${limit[@]}" "${common[@]}"

"$intact" convert "$out/run_float" --out "$out/float"
"$intact" convert "$out/run_quantized" --out "$out/v1" --int8 --exact
"$intact" convert "$out/run_quantized" --out "$out/v2" --onnx-format --exact
"$intact" eval "$out/float" --data "$data" --json "$out/eval_float.json" "${common[@]}" >/dev/null
for model in v1 v2; do
  "$intact" eval "$out/$model" --arithmetic integer --data "$data" --json "$out/eval_$model.json" "${common[@]}" >/dev/null
done
"$intact" inspect "$out/run_quantized" >"$out/quantized.txt"

# The same network for other runtimes: codes 0..255, weights proven not to saturate, steps on which float arithmetic is exact, one ONNX
# file; ONNX Runtime must compute the same integers, with its optimizations and without.
"$intact" quantize "$out/run_float" --data "$data" --epochs 1 --deploy portable --exact-steps --out "$out/run_portable" --json "$out/portable.json" \
  "${limit[@]}" "${common[@]}"
"$intact" convert "$out/run_portable" --format onnx --out "$out/portable.onnx"
"$intact" eval "$out/portable.onnx" --data "$data" --json "$out/eval_onnx.json" "${common[@]}" >/dev/null
"$intact" verify "$out/portable.onnx" --data "$data" --client onnxruntime --limit 1000 --out "$out" "${common[@]}"
"$intact" report "$out/run_portable" --data "$data" --against "$out/run_float" --certificate "$out/certificate.json" \
  --out "$out/report.html" --json "$out/report.json" "${common[@]}"
python3 "$root/scripts/plot.py" "$out"
python3 "$root/scripts/summary.py" "$out"
