"""ONNX on the command line: python3 tests/tools/onnx_test.py SOURCE INTACT. convert, run, eval, inspect, compare, and verify with the
real ONNX Runtime in a virtual environment of its own."""
import fractions
import json
import math
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1]).resolve()
INTACT = pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "tests/support"))
from tiny_idx import write_idx  # noqa: E402


def intact(*arguments):
    return subprocess.run([str(INTACT), *map(str, arguments)], capture_output=True, text=True, timeout=600)


class Onnx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.data = write_idx(cls.folder / "data")
        cls.run_float = cls.folder / "float"
        cls.run_quantized = cls.folder / "quantized"
        cls.done("train", "--model", "lenet", "--batch-size", "32", "--data", cls.data, "--out", cls.run_float)
        cls.done("quantize", cls.run_float, "--data", cls.data, "--out", cls.run_quantized)
        cls.model = cls.folder / "float.onnx"
        cls.done("convert", cls.run_float, "--format", "onnx", "--out", cls.model)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def done(cls, *arguments):
        result = intact(*arguments)
        assert result.returncode == 0, result.stderr
        return result

    def json(self, *arguments):
        path = self.folder / "result.json"
        self.done(*arguments, "--json", path)
        return json.loads(path.read_text())

    def fails(self, *arguments, words):
        result = intact(*arguments)
        self.assertEqual(result.returncode, 2, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_eval_gives_what_the_run_gives(self):
        run = self.json("eval", self.run_float, "--data", self.data)
        model = self.json("eval", self.model, "--data", self.data)
        self.assertEqual(model["top1"], run["top1"])

    def test_writing_twice_gives_the_same_bytes(self):
        again = self.folder / "again.onnx"
        self.done("convert", self.run_float, "--format", "onnx", "--out", again)
        self.assertEqual(again.read_bytes(), self.model.read_bytes())

    def test_inspect_names_the_ops(self):
        self.assertIn("2 conv2d", self.done("inspect", self.model).stdout)

    def test_bad_input(self):
        self.fails("convert", self.run_float, "--format", "onnx", "--out", "prefix", words=["FILE.onnx"])
        broken = self.folder / "broken.onnx"
        broken.write_bytes(self.model.read_bytes()[:1000])
        self.fails("eval", broken, "--data", self.data, words=["broken.onnx", "at byte"])
        self.fails("verify", self.model, "--data", self.data, "--client", "paddle", words=["convert with --format"])
        self.fails("verify", self.model, "--data", self.data, "--client", "tvm", words=["'tvm' is unknown"])

    def test_compare_counts_every_image_and_gives_the_exact_p(self):
        page = self.folder / "compare.html"
        result = self.json("compare", self.run_float, self.run_quantized, "--data", self.data, "--html", page)
        counts = [result[key] for key in ("both_right", "only_a_right", "only_b_right", "both_wrong")]
        self.assertEqual(sum(counts), result["images"])
        self.assertEqual(result["images"], 128)
        self.assertEqual(result["top1_a"], self.json("eval", self.run_float, "--data", self.data)["top1"])
        n, k = counts[1] + counts[2], min(counts[1:3])
        tail = sum(fractions.Fraction(math.comb(n, i), 2 ** n) for i in range(k + 1))
        self.assertAlmostEqual(result["mcnemar_p"], float(min(1, 2 * tail)), delta=1e-12)
        self.assertEqual(page.read_text().count("data:image/png;base64,"), len(result["disagreements"]))
        self.assertNotIn("http", page.read_text())

    def test_compare_with_itself_finds_nothing(self):
        result = self.json("compare", self.run_float, self.model, "--data", self.data)
        self.assertEqual(result["disagreements"], [])
        self.assertEqual(result["mcnemar_p"], 1.0)

    def test_onnx_runtime_gives_our_integers(self):
        run, model, out = (self.folder / name for name in ("portable", "portable.onnx", "portable_certificate"))
        self.done("quantize", self.run_float, "--data", self.data, "--deploy", "portable", "--out", run)
        converted = self.json("convert", run, "--format", "onnx", "--out", model)
        self.assertEqual([bound["is_safe"] for bound in converted["saturation"]], [True] * 5)
        # Of five layers: inputs, weights and biases, as they were read back from the file.
        self.assertEqual([tensor["bits"] for tensor in converted["coverage"] if tensor["weight"]], [8, 32] * 5)
        self.assertEqual([tensor["high"] for tensor in converted["coverage"] if not tensor["weight"]], [255] * 5)
        result = self.json("verify", model, "--data", self.data, "--limit", "64", "--out", out, "--strict")
        optimized, simulated = result["clients"]
        self.assertEqual(result["intact"]["engine"], "integer runtime")
        self.assertGreater(optimized["integers_compared"], 64 * 784)
        self.assertEqual(optimized["integers_differing"], 0)
        # Without its optimizations ONNX Runtime rounds in other places: codes may be off, but few.
        self.assertLess(simulated["integers_differing"], simulated["integers_compared"] / 200)
        self.assertEqual(optimized["float_ops"], {}, optimized["ops"])

    def test_exact_steps_give_the_same_integers_in_float(self):
        run, model, out = (self.folder / name for name in ("exact", "exact.onnx", "exact_certificate"))
        command = ["quantize", self.run_float, "--data", self.data, "--exact-steps", "--out", run]
        self.fails(*command, words=["--exact-steps", "portable", "paddle"])
        done = self.done(*command, "--deploy", "portable")
        self.assertIn("exact steps: 5 activations, 236 channels of weights", done.stderr)
        self.done("convert", run, "--format", "onnx", "--out", model)
        result = self.json("verify", model, "--data", self.data, "--out", out, "--strict")
        for client in result["clients"]:
            self.assertEqual(client["integers_differing"], 0)
            self.assertEqual(client["outputs"][0]["largest_difference"], 0)

    def test_int8_files_are_a_quarter_of_the_float_ones(self):
        run_float, run = self.folder / "mobilenet", self.folder / "mobilenet_quantized"
        self.done("train", "--model", "mobilenet_v1", "--batch-size", "32", "--limit", "32", "--data", self.data, "--out", run_float)
        sizes = {}
        for deploy in ("paddle", "portable"):
            self.done("quantize", run_float, "--limit", "32", "--data", self.data, "--deploy", deploy, "--out", run / deploy)
            self.done("convert", run / deploy, "--int8", "--out", self.folder / deploy)
            self.done("convert", run / deploy, "--format", "onnx", "--out", self.folder / f"{deploy}.onnx")
            sizes[f"{deploy}_int8"] = self.size(f"{deploy}_int8.pdmodel", f"{deploy}_int8.pdiparams")
            sizes[deploy] = self.size(f"{deploy}.onnx")
        self.done("convert", run_float, "--out", self.folder / "float")
        self.done("convert", run_float, "--format", "onnx", "--out", self.folder / "mobilenet.onnx")
        pair, onnx = self.size("float.pdmodel", "float.pdiparams"), self.size("mobilenet.onnx")
        self.assertLessEqual(max(sizes["paddle_int8"], sizes["portable_int8"]), 0.27 * pair)
        self.assertLessEqual(max(sizes["paddle"], sizes["portable"]), 0.265 * onnx)

    def size(self, *names):
        return sum((self.folder / name).stat().st_size for name in names)

    def test_a_client_that_fails_is_in_the_certificate(self):
        cache, venv = self.folder / "cache", self.folder / "cache/onnxruntime-1.32.0"
        (venv / "bin").mkdir(parents=True)
        shutil.copy(SOURCE / "scripts/clients/onnxruntime.txt", venv / ".complete")
        python = venv / "bin/python"
        python.write_text("#!/bin/sh\nexit 3\n")
        python.chmod(0o755)
        out, result = self.folder / "failed", self.folder / "failed.json"
        command = [INTACT, "verify", self.model, "--data", self.data, "--limit", "8", "--out", out, "--json", result]
        done = subprocess.run([*command, "--strict"], capture_output=True, text=True, env={**os.environ, "INTACT_CACHE": str(cache)})
        self.assertEqual(done.returncode, 1, done.stderr)
        for client in json.loads(result.read_text())["clients"]:
            self.assertIn("ended with code 3", client["failure"])
        self.assertIn("It failed", (out / "certificate.html").read_text())

    def test_run_and_eval_of_a_quantized_file_take_its_integers(self):
        model, x = self.folder / "integers.onnx", self.folder / "x.npy"
        self.done("convert", self.run_quantized, "--format", "onnx", "--out", model)
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 28, 28), }".ljust(117) + "\n"
        values = struct.pack("<784f", *(math.sin(i) for i in range(784)))
        x.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values)
        outputs = {}
        for name, flags in (("default", []), ("integer", ["--integer"]), ("float", ["--float"])):
            self.done("run", model, "--input", x, "--output", self.folder / f"{name}.npy", *flags)
            outputs[name] = (self.folder / f"{name}.npy").read_bytes()
        self.assertEqual(outputs["default"], outputs["integer"])
        self.assertEqual(self.json("eval", model, "--data", self.data)["arithmetic"], "integer")
        self.fails("run", model, "--input", x, "--output", x, "--integer", "--float", words=["leave one out"])

    def test_a_signed_input_is_warned_of(self):
        model = self.folder / "paddle.onnx"
        done = self.done("convert", self.run_quantized, "--format", "onnx", "--out", model)
        self.assertIn("is int8", done.stderr)
        self.assertNotIn("pairs (", done.stderr)
        self.assertIn("onnx_quantize_linear", self.done("inspect", model).stdout)

    def test_saturating_pairs_are_counted_on_data(self):
        command = ["convert", self.run_quantized, "--format", "onnx", "--out", self.folder / "counted.onnx", "--data", self.data]
        done = self.done(*command, "--samples", "16")
        self.assertRegex(done.stderr, r"can saturate; \d+ of \d+ pairs \(\S+ %\) do on the data")
        layers = {layer["op"]: layer for layer in self.json(*command, "--samples", "16")["saturation"]}
        first = layers["conv2d 'c1.tmp_0'"]
        # 6 channels of 28x28 sums of 5x5 terms, which are 13 pairs.
        self.assertEqual(first["pairs"], 16 * 6 * 28 * 28 * 13)
        self.assertTrue(all("pairs" in layer for layer in layers.values() if not layer["is_safe"]))
        self.assertFalse(any("pairs" in layer for layer in layers.values() if layer["is_safe"]))
        self.fails("convert", self.run_quantized, "--out", self.folder / "p", "--data", self.data, words=["--data", "onnx"])

    def test_an_unknown_cpu_to_emulate_is_refused(self):
        self.fails("verify", self.model, "--data", self.data, "--emulate-cpu", "Nehalem9", words=["'Nehalem9'", "qemu-user"])

    def test_onnx_runtime_gives_our_labels(self):
        out = self.folder / "certificate"
        result = self.json("verify", self.model, "--data", self.data, "--limit", "64", "--out", out, "--strict")
        self.assertEqual(result, json.loads((out / "certificate.json").read_text()))
        self.assertEqual([client["optimizations"] for client in result["clients"]], [True, False])
        for client in result["clients"]:
            self.assertEqual(client["label_flips"], 0)
            self.assertEqual(client["top1"], result["intact"]["top1"])
            # Float sums of up to 400 terms in another order.
            self.assertLess(client["outputs"][0]["largest_difference"], 1e-4)
        page = (out / "certificate.html").read_text()
        self.assertIn(result["model"]["sha256"], page)
        self.assertNotIn("http", page)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
