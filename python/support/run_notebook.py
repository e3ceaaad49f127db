"""Runs a notebook's code cells in order, without Jupyter, and with --save keeps what they print and draw.

    python3 python/support/run_notebook.py NOTEBOOK DATA [--save]     DATA: directory of IDX files, the cells' DATA
"""
import base64
import contextlib
import io
import json
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def figures():
    """Open figures as PNG outputs; closes them."""
    for number in plt.get_fignums():
        png = io.BytesIO()
        plt.figure(number).savefig(png, dpi=72, bbox_inches="tight", metadata={"Software": None})
        data = {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": ["<figure>"]}
        yield {"output_type": "display_data", "metadata": {}, "data": data}
    plt.close("all")


def run(notebook, data):
    """Fills in the outputs of every code cell."""
    names = {"DATA": str(data), "__name__": "__main__"}
    for number, cell in enumerate((cell for cell in notebook["cells"] if cell["cell_type"] == "code"), 1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
        text = printed.getvalue().splitlines(keepends=True)
        cell["execution_count"] = number
        cell["outputs"] = ([{"output_type": "stream", "name": "stdout", "text": text}] if text else []) + list(figures())
    return names


def main(path, data, *options):
    path = pathlib.Path(path)
    notebook = json.loads(path.read_text())
    run(notebook, data)
    if "--save" in options:
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
