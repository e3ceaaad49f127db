"""What every client does for `intact verify`: run a model as it is, and a copy with more outputs, on images, and save what they give.

  python CLIENT_client.py --model FILE [--exposed FILE] --input x.npy --out DIR --optimizations on|off

Writes DIR/untouched_<i>.npy and DIR/exposed_<i>.npy, one per output in the model's order, and DIR/client.json: name, version, and
which ops the client says it ran, and which of them in float, where it does."""
import argparse
import json
import pathlib

import numpy as np


def save(folder, kind, outputs):
    for index, output in enumerate(outputs):
        np.save(folder / f"{kind}_{index}.npy", np.ascontiguousarray(output))


def main(name, version, run, describe=None, float_ops=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--exposed")
    parser.add_argument("--input", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--optimizations", choices=["on", "off"], default="on")
    options = parser.parse_args()
    images = np.load(options.input)
    optimizations = options.optimizations == "on"
    save(options.out, "untouched", run(options.model, images, optimizations))
    if options.exposed:
        save(options.out, "exposed", run(options.exposed, images, optimizations))
    ops = describe(options.model) if describe and optimizations else None
    in_float = float_ops(ops) if float_ops and ops is not None else None
    result = {"client": name, "version": version, "ops": ops, "float_ops": in_float}
    (options.out / "client.json").write_text(json.dumps(result))
