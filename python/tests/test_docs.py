"""The Python blocks of docs/tutorial.md and the notebook's cells run in order."""

import json
import re
import sys

import pytest

import intact
from conftest import ROOT

BLOCK = re.compile(r"^(<!-- from [^\n]* -->\n)?```python\n(.*?)^```$", re.M | re.S)


@pytest.fixture
def own_scope(monkeypatch, tmp_path):
    """An empty folder and an empty global Scope."""
    monkeypatch.chdir(tmp_path)
    scope = intact.global_scope()
    for name in scope.names():
        scope.erase(name)
    return tmp_path


def test_the_tutorials_blocks_run(own_scope, tiny_mnist, capsys):
    blocks = [body for mark, body in BLOCK.findall((ROOT / "docs/tutorial.md").read_text()) if not mark]
    names = {"DATA": str(tiny_mnist)}
    for number, block in enumerate(blocks):
        exec(compile(block, f"block {number} of tutorial.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "28 ops are quantized; conv2d 'conv2d_0.tmp_0'" in printed and printed.count("right: ") == 2
    assert (own_scope / "model.onnx").exists() and (own_scope / "model_int8.pdiparams").exists()


def test_the_notebooks_cells_run(own_scope, tiny_mnist, capsys):
    pytest.importorskip("matplotlib")
    sys.path.insert(0, str(ROOT / "python/support"))
    import run_notebook

    notebook = json.loads((ROOT / "docs/tutorial.ipynb").read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    kept = ["".join(output["output_type"] for output in cell["outputs"]) for cell in code]
    run_notebook.run(notebook, tiny_mnist)
    made = ["".join(output["output_type"] for output in cell["outputs"]) for cell in code]
    assert kept == made and "display_data" in "".join(made)  # what is committed shows as many texts and pictures
