"""The tutorial's script and two others run as their users run them."""

import gzip
import os
import re
import subprocess
import sys

import pytest

import intact
from conftest import ROOT
from tiny_idx import write_idx

MODELS = ["quant_infer_model", "quant_infer_model_int8"]
# What Paddle is told to do with the float model; prints the shape of its answer to a zero image.
PADDLE = """
import zlib, sys
import numpy as np, paddle
paddle.enable_static()
exe = paddle.static.Executor(paddle.CPUPlace())
program, feeds, fetches = paddle.static.load_inference_model(sys.argv[1], exe)
print(exe.run(program, {feeds[0]: np.zeros((2, 1, 28, 28), np.float32)}, fetches)[0].tolist())
"""


def run(script, data, folder, timeout=900):
    done = subprocess.run([sys.executable, ROOT / "examples" / script], cwd=folder, capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, "INTACT_MNIST": str(data)})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tutorial(request, tmp_path_factory):
    """(what it printed, where it saved, whether it saw all of MNIST)"""
    full = request.config.getoption("--mnist")
    data = full or request.getfixturevalue("tiny_mnist")
    folder = tmp_path_factory.mktemp("tutorial")
    return run("mnist_mobilenet_qat.py", data, folder), folder, bool(full)


def test_the_tutorial_runs_and_saves_both_models(tutorial):
    printed, folder, is_full = tutorial
    top1, quantized = map(float, re.search(r"float ([\d.]+), quantized ([\d.]+)", printed).groups())
    if is_full:
        assert top1 >= 0.95 and quantized - top1 >= -0.001
    for name in MODELS:
        model = intact.load_model(str(folder / name))
        assert model.feeds == ["image"] and intact.is_quantized(model.program)
    sizes = [os.path.getsize(folder / f"{name}.pdiparams") for name in MODELS]
    assert sizes[1] < 0.3 * sizes[0]


def test_the_float_model_loads_in_paddle(request, tutorial):
    python = request.config.getoption("--paddle")
    if not python:
        pytest.skip("--paddle PYTHON is not given")
    _, folder, _ = tutorial
    done = subprocess.run([python, "-c", PADDLE, str(folder / MODELS[0])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(eval(done.stdout.splitlines()[-1])) == 2


# What of a script differs from the one for Paddle, and how.
IMPORTS = [("import intact.paddle as paddle\n", "import paddle\n"), ("import intact.paddle.", "import paddle."),
           ("from intact.paddle.", "from paddle."), ("from intact.slim.", "from paddleslim.")]
RESULTS = ["float", "ptq_abs_max", "ptq_hist", "ptq_KL", "ptq_avg", "qat", "converted", "loaded"]


def results_of(printed):
    return {name: float(value) for name, value in re.findall(r"^(\w+): ([01]\.\d{4})$", printed, re.M)}


def test_a_script_written_on_paddle_runs(tiny_mnist, tmp_path):
    results = results_of(run("lenet_static_graph.py", tiny_mnist, tmp_path))
    assert list(results) == RESULTS and min(results.values()) > 0.9
    assert results["qat"] == results["converted"] == results["loaded"]


def test_the_same_script_runs_on_paddle(request, tmp_path):
    python = request.config.getoption("--paddle")
    if not python:
        pytest.skip("--paddle PYTHON is not given")
    text = (ROOT / "examples" / "lenet_static_graph.py").read_text()
    for ours, theirs in IMPORTS:
        text = text.replace(ours, theirs)
    assert "intact." not in text
    for path in list(write_idx(tmp_path, train=600, test=200).iterdir()):  # Paddle reads whole hundreds
        (tmp_path / (path.name + ".gz")).write_bytes(gzip.compress(path.read_bytes()))
    (tmp_path / "script.py").write_text("import zlib, matplotlib, cv2\n" + text)  # before paddle, or it crashes
    done = subprocess.run([python, "script.py", "--data_dir", "."], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(results_of(done.stdout)) == RESULTS


def test_a_script_of_another_style_runs(tiny_mnist, tmp_path):
    printed = run("lenet_ptq_qat.py", tiny_mnist, tmp_path)
    accuracies = [float(value) for value in re.findall(r"[01]\.\d+", printed.splitlines()[-1])]
    assert len(accuracies) == 6 and min(accuracies) > 0.9
