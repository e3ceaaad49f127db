"""The command as a user meets it: python3 tests/tools/cli_test.py SOURCE INTACT. Each bad input gives one clear line, exit code 2,
and leaves nothing half-written."""
import gzip
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(sys.argv[1]).resolve()
INTACT = pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "tests/support"))
from tiny_idx import write_idx  # noqa: E402

MODEL = ["--model", "lenet", "--batch-size", "32"]


def intact(*arguments, **options):
    return subprocess.run([str(INTACT), *map(str, arguments)], capture_output=True, text=True, timeout=300, **options)


def tree(folder):
    """Every file of a run but its speed, which no seed decides."""
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "speed.json"}


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.data = write_idx(cls.folder / "data")
        cls.run_float = cls.folder / "float"
        done = intact("train", *MODEL, "--data", cls.data, "--out", cls.run_float, "--json", cls.folder / "float.json")
        assert done.returncode == 0, done.stderr
        cls.run_quantized = cls.folder / "quantized"
        done = intact("quantize", cls.run_float, "--data", cls.data, "--out", cls.run_quantized,
                      "--json", cls.folder / "quantized.json")
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def fails(self, done, *words, code=2):
        self.assertEqual(done.returncode, code, done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("intact: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        for word in words:
            self.assertIn(str(word), lines[0])

    def fresh(self, name):
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        return path

    def broken_data(self, name, change):
        folder = self.fresh(name)
        shutil.copytree(self.data, folder)
        change(folder)
        return folder

    # What works.

    def test_results_have_the_promised_fields(self):
        for name in ("float", "quantized"):
            result = json.loads((self.folder / f"{name}.json").read_text())
            for field in ("top1", "top5", "loss", "images", "seconds"):
                self.assertIsInstance(result[field], (int, float), f"{name}: {field}")

    def test_help_names_every_option_and_command(self):
        text = intact("--help").stdout
        for command in ("train", "quantize", "eval", "convert", "run", "inspect", "bench", "list-ops"):
            self.assertIn(command, text)
            self.assertEqual(intact(command, "--help").returncode, 0)
        for option in ("--model", "--data", "--epochs", "--batch-size", "--learning-rate", "--momentum", "--out",
                       "--resume", "--threads", "--seed", "--json", "--config"):
            self.assertIn(option, intact("train", "--help").stdout)

    def test_same_seed_gives_the_same_bytes_at_one_and_two_threads(self):
        first, second = self.fresh("one"), self.fresh("two")
        for out, threads in ((first, 1), (second, 2)):
            done = intact("train", *MODEL, "--data", self.data, "--out", out, "--threads", threads, "--seed", 3)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(tree(first), tree(second))

    def test_convert_writes_models_that_evaluate_to_the_same_accuracy(self):
        quantized = json.loads((self.folder / "quantized.json").read_text())
        for name, flags in (("v1", ["--int8"]), ("v2", ["--onnx-format"]), ("exact", ["--onnx-format", "--exact"])):
            done = intact("convert", self.run_quantized, "--out", self.folder / name, *flags)
            self.assertEqual(done.returncode, 0, done.stderr)
            done = intact("eval", self.folder / name, "--data", self.data, "--json", self.folder / "eval.json")
            self.assertEqual(done.returncode, 0, done.stderr)
            result = json.loads((self.folder / "eval.json").read_text())
            self.assertAlmostEqual(result["top1"], quantized["top1"], delta=0.02)
        self.assertTrue((self.folder / "v1_int8.pdmodel").exists())
        self.assertTrue((self.folder / "v1_int8.pdiparams").exists())

    def test_ptq_quantizes_without_training_and_measures_what_it_saves(self):
        for name, options in (("ptq", ["--int8"]), ("ptq.onnx", ["--algo", "mse", "--format", "onnx"])):
            out = self.folder / name
            result = self.folder / f"{name}.json"
            done = intact("ptq", self.run_float, "--data", self.data, "--out", out, "--batches", 2, "--batch-size", 32,
                          "--json", result, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(result.read_text())
            self.assertGreater(report["float"]["top1"], 0.5)
            self.assertGreaterEqual(report["quantized"]["top1"], report["float"]["top1"] - 0.05)
            done = intact("eval", out, "--data", self.data, "--json", result)
            self.assertEqual(done.returncode, 0, done.stderr)
            # Of .pdmodel files eval simulates the codes in float, which may decide a tie otherwise.
            self.assertAlmostEqual(json.loads(result.read_text())["top1"], report["quantized"]["top1"], delta=0.02)
        self.assertTrue((self.folder / "ptq_int8.pdiparams").exists())

    def test_ptq_refuses_what_it_cannot_do(self):
        def ptq(model, *options):
            return intact("ptq", model, "--data", self.data, "--out", self.folder / "none", *options)
        self.fails(ptq(self.run_quantized), "is quantized already")
        self.fails(ptq(self.run_float, "--algo", "max"), "--algo", "hist")
        self.fails(ptq(self.run_float, "--format", "onnx"), "FILE.onnx")
        self.fails(ptq(self.run_float, "--hist-percent", 0), "hist_percent is 0")
        self.assertEqual(list(self.folder.glob("none*")), [])

    def test_quantize_may_start_from_calibrated_scales(self):
        done = intact("quantize", self.run_float, "--data", self.data, "--epochs", 0, "--quant-post-first", "true",
                      "--out", self.fresh("post_first"), "--json", self.folder / "post_first.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(json.loads((self.folder / "post_first.json").read_text())["top1"], 0.5)

    def test_eval_of_a_run_repeats_its_result(self):
        done = intact("eval", self.run_quantized, "--data", self.data, "--json", self.folder / "again.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        again = json.loads((self.folder / "again.json").read_text())
        self.assertEqual(again["top1"], json.loads((self.folder / "quantized.json").read_text())["top1"])

    def test_inspect_says_what_is_quantized_and_why_not(self):
        text = intact("inspect", self.run_quantized).stdout
        self.assertIn("conv2d", text)
        self.assertEqual(intact("inspect", self.run_float, "--text").stdout.count("conv2d("), 2)
        done = intact("inspect", self.run_quantized, "--why", "reduce_mean")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_toml_file_holds_options_and_the_command_line_wins(self):
        config = self.folder / "train.toml"
        config.write_text(f'model = "lenet"\nbatch_size = 32\nepochs = 1\nlimit = 64\ndata = "{self.data}"\n')
        out = self.folder / "toml.json"
        done = intact("train", "--config", config, "--out", self.fresh("toml"), "--json", out, "--limit", 32)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(out.read_text())["train_images"], 32)

    def test_gzipped_data_gives_the_same_bytes(self):
        def compress(folder):
            for path in list(folder.iterdir()):
                (folder / (path.name + ".gz")).write_bytes(gzip.compress(path.read_bytes()))
                path.unlink()

        data = self.broken_data("gz", compress)
        out = self.fresh("from_gz")
        self.assertEqual(intact("train", *MODEL, "--data", data, "--out", out).returncode, 0)
        self.assertEqual(tree(out), tree(self.run_float))

    def test_interrupted_training_resumes_to_the_same_bytes(self):
        options = [*MODEL, "--data", self.data, "--epochs", 40]
        whole, cut = self.fresh("whole"), self.fresh("cut")
        self.assertEqual(intact("train", *options, "--out", whole).returncode, 0)
        process = subprocess.Popen([str(INTACT), "train", *map(str, options), "--out", str(cut)],
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        process.stderr.readline()  # it has begun
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        done = intact("train", "--resume", cut, "--data", self.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(tree(whole), tree(cut))

    # What does not.

    def test_bad_command_lines(self):
        self.fails(intact("train", "--modle", "x", "--data", self.data), "--modle")
        self.fails(intact("train", "--model", "mobilnet_v1", "--data", self.data, "--out", self.fresh("x")),
                   "mobilnet_v1", "mobilenet_v1")
        self.fails(intact("train", *MODEL, "--data", self.folder / "nowhere", "--out", self.fresh("x")), "nowhere")
        self.fails(intact("train", *MODEL, "--epochs", "many", "--data", self.data, "--out", self.fresh("x")), "many")
        self.fails(intact("eval", self.folder / "no_such_model", "--data", self.data), "no_such_model")
        self.assertFalse((self.folder / "x").exists())

    def test_bad_config_keys(self):
        config = self.folder / "bad.toml"
        config.write_text("weight_bitz = 8\n")
        self.fails(intact("quantize", self.run_float, "--data", self.data, "--config", config, "--out", self.fresh("x")),
                   "weight_bitz", "weight-bits", "activation-bits")
        config.write_text('weight_bits = "eight"\n')
        self.fails(intact("quantize", self.run_float, "--data", self.data, "--config", config, "--out", self.fresh("x")),
                   "weight_bits", "eight")
        self.assertFalse((self.folder / "x").exists())

    def test_bad_data(self):
        images, labels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"

        def patch(name, offset, new):
            def change(folder):
                raw = bytearray((folder / name).read_bytes())
                raw[offset:offset + len(new)] = new
                (folder / name).write_bytes(raw)
            return change

        def cut_gz(folder):
            raw = gzip.compress((folder / images).read_bytes())
            (folder / images).unlink()
            (folder / (images + ".gz")).write_bytes(raw[:len(raw) // 2])

        cases = {
            "missing": (lambda folder: (folder / images).unlink(), [images]),
            "truncated": (lambda folder: os.truncate(folder / images, 1000), [images]),
            "magic": (patch(images, 2, b"\x0d"), [images, "2051"]),
            "label": (patch(labels, 20, b"\x63"), [labels, "99"]),
            "absurd": (patch(images, 4, b"\x7f\xff\xff\xff"), [images]),
            "cut_gz": (cut_gz, [images + ".gz"]),
        }
        for name, (change, words) in cases.items():
            with self.subTest(name):
                out = self.fresh("x")
                self.fails(intact("train", *MODEL, "--data", self.broken_data("broken", change), "--out", out), *words)
                self.assertFalse(out.exists())

    def test_bad_models(self):
        self.assertEqual(intact("convert", self.run_float, "--out", self.folder / "good").returncode, 0)
        model, params = (self.folder / f"good.{kind}" for kind in ("pdmodel", "pdiparams"))
        cases = {
            "truncated model": (model, lambda raw: raw[:len(raw) // 2]),
            "truncated params": (params, lambda raw: raw[:len(raw) - 7]),
            "empty model": (model, lambda raw: b""),
            "absurd size": (params, lambda raw: raw[:12] + b"\xff\xff\xff\x7f" + raw[16:]),
            "unknown op": (model, lambda raw: raw.replace(b"pool2d", b"pxxl2d")),
        }
        for name, (path, change) in cases.items():
            with self.subTest(name):
                good = path.read_bytes()
                path.write_bytes(change(good))
                self.fails(intact("eval", self.folder / "good", "--data", self.data), path.name)
                path.write_bytes(good)

    def test_diverging_training_names_the_op_and_keeps_the_last_good_parameters(self):
        out = self.fresh("diverged")
        done = intact("train", *MODEL, "--data", self.data, "--learning-rate", "1e30", "--epochs", 2, "--out", out)
        self.fails(done, "iteration", "conv2d")
        self.assertEqual(intact("eval", out, "--data", self.data).returncode, 0)

    def test_full_disk(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        out = self.fresh("full")
        done = intact("convert", self.run_float, "--out", self.folder / "full_model", preexec_fn=limit)
        self.fails(done, "full_model")
        self.assertEqual([path.name for path in self.folder.glob("full_model*")], [])
        self.fails(intact("train", *MODEL, "--data", self.data, "--out", out, preexec_fn=limit), "full")
        self.assertFalse((out / "run.json").exists())
        self.assertEqual(list(out.glob("*.tmp")) if out.exists() else [], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
