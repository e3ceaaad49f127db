"""Prints the demo's table from the JSON files in DIR: python3 scripts/summary.py DIR."""
import json
import pathlib
import sys


def size_bytes(folder, prefix):
    return sum(path.stat().st_size for path in (folder / f"{prefix}.pdmodel", folder / f"{prefix}.pdiparams"))


def main(folder):
    results = {name: json.loads((folder / f"{name}.json").read_text())
               for name in ("float", "quantized", "portable", "eval_float", "eval_v1", "eval_v2", "eval_onnx")}
    rows = [
        ("float, trained", results["float"], size_bytes(folder, "float")),
        ("float, from its file", results["eval_float"], size_bytes(folder, "float")),
        ("quantized, fine-tuned", results["quantized"], None),
        ("converted V1, from its file", results["eval_v1"], size_bytes(folder, "v1")),
        ("converted V2, from its file", results["eval_v2"], size_bytes(folder, "v2")),
        ("portable, fine-tuned", results["portable"], None),
        ("portable ONNX, from its file", results["eval_onnx"], (folder / "portable.onnx").stat().st_size),
    ]
    print(f"\n{'':30} {'top-1':>8} {'top-5':>8} {'size':>9} {'seconds':>8}")
    for title, result, size in rows:
        shown = f"{size / 1e6:.1f} MB" if size else "-"
        print(f"{title:30} {result['top1']:8.4f} {result['top5']:8.4f} {shown:>9} {result['seconds']:8.1f}")
    print(f"{'int8 program (V1 weights)':30} {'':8} {'':8} {size_bytes(folder, 'v1_int8') / 1e6:6.1f} MB")
    print("\nwrote")
    for name, what in (("run_float/", "the float run: `intact train --resume` goes on from it"),
                       ("run_quantized/", "the quantized run"),
                       ("float.pdmodel", "float model, with float.pdiparams"),
                       ("v1.pdmodel", "converted, fake_* ops; v1_int8.pdmodel has int8 weights"),
                       ("v2.pdmodel", "converted, quantize_linear ops, int8 weights"),
                       ("portable.onnx", "for ONNX Runtime, OpenVINO and others"),
                       ("certificate.html", "every integer of it, ours and ONNX Runtime's"),
                       ("report.html", "all of it on one page: curves, layers, histograms, confusion, differences"),
                       ("result.svg", "loss of both phases"),
                       ("quantized.txt", "what is quantized with which scale, and what is not and why")):
        print(f"  {folder / name}  {what}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
