"""ONNX Runtime on an emulated CPU with AVX2 and no VNNI: python3 saturation_client.py INTACT DATA. A portable LeNet gives our integers there,
one with unbounded weights others, as `convert` has warned. See scripts/clients.sh."""
import json
import pathlib
import subprocess
import sys
import tempfile

INTACT, DATA = sys.argv[1:]
IMAGES = 16


def intact(*arguments):
    return subprocess.run([INTACT, *map(str, arguments)], check=True, capture_output=True, text=True).stderr


def optimized(folder, weights):
    """What `convert` warned of, and what optimized ONNX Runtime did."""
    run, model, result = folder / weights, folder / f"{weights}.onnx", folder / f"{weights}.json"
    intact("quantize", folder / "float", "--data", DATA, "--limit", 2000, "--deploy", "portable", "--portable-weights", weights, "--out", run)
    warnings = intact("convert", run, "--format", "onnx", "--out", model, "--data", DATA)
    intact("verify", model, "--data", DATA, "--limit", IMAGES, "--emulate-cpu", "Haswell", "--out", folder, "--json", result)
    certificate = json.loads(result.read_text())
    assert certificate["machine"]["emulated_cpu"] == "Haswell"
    client = certificate["clients"][0]
    print(f"ONNX Runtime {client['version']} on an emulated Haswell, {IMAGES} images, portable_weights = {weights}: "
          f"{client['integers_differing']:,} of {client['integers_compared']:,} integers differ; "
          f"`convert` warned of {warnings.count('can saturate')} layers")
    return warnings, client


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        intact("train", "--model", "lenet", "--data", DATA, "--limit", 2000, "--out", folder / "float")
        warnings, client = optimized(folder, "pairs")
        assert "can saturate" not in warnings and client["failure"] == "" and client["integers_differing"] == 0, client
        warnings, client = optimized(folder, "unbounded")
        assert "can saturate" in warnings and client["failure"] == "" and client["integers_differing"] > 0, client


if __name__ == "__main__":
    main()
