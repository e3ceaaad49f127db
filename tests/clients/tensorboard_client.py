"""Reads back with TensorBoard itself what `--tensorboard` wrote.

    PYTHON tests/clients/tensorboard_client.py INTACT        PYTHON: $(scripts/clients/python.sh tensorboard)

Every checksum must hold, and every scalar must be what the training's own JSON says."""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))
from tiny_idx import write_idx  # noqa: E402


def intact(*arguments):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def scalars(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    return {tag: {event.step: event.value for event in events.Scalars(tag)} for tag in events.Tags()["scalars"]}


def check_curves(read, result):
    history = result["history"]
    last = history[-1]["iteration"]
    for tag in ("loss", "top1", "learning_rate", "images_per_second"):
        assert sorted(read[tag])[:last] == list(range(1, last + 1)), tag
    for point in history:
        steps = range(point["iteration"] - 9, point["iteration"] + 1)
        for tag in ("loss", "top1"):
            # The file has floats, the history means of doubles.
            np.testing.assert_allclose(np.mean([read[tag][step] for step in steps]), point[tag], rtol=1e-6, err_msg=tag)
        assert read["learning_rate"][point["iteration"]] == np.float32(point["learning_rate"])
    for tag in ("loss", "top1"):
        (value,) = read["test/" + tag].values()
        assert value == np.float32(result[tag]), tag


def check_scales(read, program, last):
    operands = {(operand["var"], operand["is_weight"]): operand for op in program["quantization"]["ops"] for operand in op["operands"]}
    assert len(operands) > 5
    for (name, is_weight), operand in operands.items():
        scale = read[("weight_scale/" if is_weight else "scale/") + name]
        assert sorted(scale) == list(range(10, last + 1, 10)), name
        if last % 10 == 0:
            assert scale[last] == np.float32(operand["scale_max"]), name


def main(program):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        data = write_idx(folder / "data")
        events = folder / "events"
        common = ["--data", data, "--tensorboard", events]
        intact(program, "train", "--model", "lenet", "--batch-size", 32, "--epochs", 4, "--schedule", "cosine", *common,
               "--out", folder / "float", "--json", folder / "float.json")
        intact(program, "quantize", folder / "float", "--epochs", 5, *common, "--out", folder / "quantized", "--json", folder / "quantized.json")
        intact(program, "inspect", folder / "quantized", "--program", "train", "--json", folder / "inspect.json")
        results = {name: json.loads((folder / f"{name}.json").read_text()) for name in ("float", "quantized", "inspect")}
        train, quantize = scalars(events / "train"), scalars(events / "quantize")
        check_curves(train, results["float"])
        check_curves(quantize, results["quantized"])
        assert not any("scale" in tag for tag in train), train.keys()
        check_scales(quantize, results["inspect"], results["quantized"]["history"][-1]["iteration"])
        print(f"TensorBoard reads {sum(map(len, train.values())) + sum(map(len, quantize.values())):,} scalars, all as trained")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
