#!/usr/bin/env bash
# Networks by data sets by clients: trains each network one epoch in float and one quantized (portable, exact steps), exports ONNX, verifies the file
# in other runtimes on every test image, optimized and not, and prints a Markdown table.
#   scripts/verify_matrix.sh [--quick] [--clients LIST] [--networks LIST] [--data LIST] [--free-steps] [--profiles] [--out DIR] [--threads N]
# --quick: 2,000 training and 200 test images. --networks: of lenet mobilenet_v1 mobilenet_v2 resnet18, with commas; MobileNetV1 is trained
# from three seeds. --data: of mnist, fashion. --free-steps: without --exact-steps. --profiles: instead, MobileNetV1's top-1 from
# five seeds in the paddle profile, in the portable one, and with exact steps. What DIR (default matrix/) has is not done again.
source "$(dirname "$0")/lib.sh"

out=$root/matrix
clients=onnxruntime,openvino
networks=lenet,mobilenet_v1,mobilenet_v2,resnet18
sets=mnist,fashion
threads=0
train_limit=0
test_limit=0
steps=exact
profiles=
while [ $# -gt 0 ]; do
  case $1 in
    --quick) train_limit=2000 test_limit=200 ;;
    --free-steps) steps=free ;;
    --profiles) profiles=1 ;;
    --clients) clients=$2 && shift ;;
    --networks) networks=$2 && shift ;;
    --data) sets=$2 && shift ;;
    --out) out=$2 && shift ;;
    --threads) threads=$2 && shift ;;
    *) die "unknown option $1; scripts/verify_matrix.sh begins with a list of them" ;;
  esac
  shift
done

"$root/scripts/setup.sh"
build release --target intact_cli | tail -n 1 >&2
intact=$root/build/release/bin/intact
mkdir -p "$out"

# once NAME COMMAND...: runs it unless NAME.done is there; its words go to NAME.log.
once() {
  local name=$1
  shift
  [ ! -f "$name.done" ] || return 0
  rm -rf "$name"
  say "$(date +%H:%M:%S) ${name#"$out"/}"
  "$@" >"$name.log" 2>&1 || {
    tail -n 3 "$name.log" >&2
    die "failed: $*"
  }
  touch "$name.done"
}

data_of() {
  case $1 in
    mnist) "$root/scripts/get_mnist.sh" ;;
    fashion) install_packages dataset-fashion-mnist && echo /usr/share/datasets/fashion-mnist ;;
    *) die "--data: '$1' is unknown; there are mnist and fashion" ;;
  esac
}

# quantized FOLDER DATA NETWORK SEED NAME [OPTION...]: FOLDER/NAME is the network in float, then quantized.
quantized() {
  local folder=$1 data=$2 network=$3 seed=$4 name=$5
  shift 5
  local common=(--data "$data" --limit "$train_limit" --seed "$seed" --threads "$threads")
  mkdir -p "$folder"
  once "$folder/float" "$intact" train --model "$network" --out "$folder/float" --json "$folder/float.json" "${common[@]}"
  once "$folder/$name" "$intact" quantize "$folder/float" --out "$folder/$name" --json "$folder/$name.json" "$@" "${common[@]}"
}

if [ -n "$profiles" ]; then
  data=$(data_of mnist)
  for seed in 0 1 2 3 4; do
    folder=$out/$train_limit/mnist/mobilenet_v1-$seed
    quantized "$folder" "$data" mobilenet_v1 "$seed" paddle
    quantized "$folder" "$data" mobilenet_v1 "$seed" free --deploy portable
    quantized "$folder" "$data" mobilenet_v1 "$seed" exact --deploy portable --exact-steps
  done
  exec python3 "$root/scripts/matrix_table.py" --profiles "$out/$train_limit"
fi

options=(--deploy portable)
[ "$steps" = free ] || options+=(--exact-steps)
for set in ${sets//,/ }; do
  data=$(data_of "$set")
  for network in ${networks//,/ }; do
    seeds=0
    [ "$network" != mobilenet_v1 ] || seeds="0 1 2"
    for seed in $seeds; do
      folder=$out/$train_limit/$set/$network-$seed
      quantized "$folder" "$data" "$network" "$seed" "$steps" "${options[@]}"
      once "$folder/$steps-onnx" "$intact" convert "$folder/$steps" --format onnx --out "$folder/$steps.onnx"
      for client in ${clients//,/ }; do
        once "$folder/$steps-$test_limit-$client" "$intact" verify "$folder/$steps.onnx" --data "$data" --client "$client" --limit "$test_limit" \
          --threads "$threads" --out "$folder/$steps-$test_limit-$client"
      done
    done
  done
done
python3 "$root/scripts/matrix_table.py" "$out/$train_limit" --steps "$steps" --limit "$test_limit"
