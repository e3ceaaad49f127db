"""Fixtures: small IDX files in MNIST's format, and Programs and a Scope of a test's own."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from tiny_idx import write_idx  # noqa: E402

import intact  # noqa: E402
from intact.paddle import static  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--mnist", help="directory of MNIST's IDX files: the tutorial runs on all of it")
    parser.addoption("--paddle", help="Python with PaddlePaddle 2.6.2, which then loads what the tutorial saved")


@pytest.fixture(scope="session")
def tiny_mnist(tmp_path_factory):
    return write_idx(tmp_path_factory.mktemp("mnist"), train=640, test=256)


@pytest.fixture
def fresh():
    """Programs and a Scope that are current during the test."""
    main, startup, scope = intact.Program(), intact.Program(), intact.Scope()
    with static.scope_guard(scope), static.program_guard(main, startup):
        yield main, startup, scope
