"""The stubs say what is there, and mypy accepts the package and a program that uses it."""

import importlib.util
import pathlib
import subprocess
import sys

import pytest

import intact

PROGRAM = """
from typing import Any

import numpy as np
import numpy.typing as npt
import intact
from intact import nn, slim
import intact.paddle as paddle

main, startup = intact.Program(), intact.Program()
with intact.ProgramGuard(main, startup):
    x: intact.Var = nn.data("x", [None, 4])
    y: intact.Var = nn.fc(x, size=3) * 2 + x
result: list[npt.NDArray[Any]] = intact.Executor().run(main, {"x": np.zeros((1, 4))}, [y.name])
quantized: intact.Program = slim.quant.quant_aware(main, paddle.CPUPlace())
"""
needs_mypy = pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")


def mypy(*arguments):
    return subprocess.run([sys.executable, "-m", "mypy", "--strict", *map(str, arguments)], capture_output=True, text=True)


def test_types_and_marker_are_installed():
    package = pathlib.Path(intact.__file__).parent
    assert (package / "py.typed").exists()
    types = (package / "_intact" / "__init__.pyi").read_text()
    assert "def quant_aware(" in types and "class Executor:" in types
    assert "def conv2d(" in (package / "_intact" / "nn.pyi").read_text()


@needs_mypy
def test_mypy_accepts_the_package():
    done = mypy("-p", "intact")
    assert done.returncode == 0, done.stdout


@needs_mypy
def test_mypy_knows_what_functions_take_and_give(tmp_path):
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(PROGRAM)
    assert mypy(good).returncode == 0, mypy(good).stdout
    bad.write_text(PROGRAM + "nn.fc(x, size='three')\nintact.Executor().run(3)\n")
    assert mypy(bad).stdout.count("error:") == 2, mypy(bad).stdout
