"""The page of `intact report` in a real browser: python3 tests/tools/report_test.py SOURCE INTACT. No script errors, nothing asked of
the network, and every number it shows is the JSON's."""
import decimal
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1]).resolve()
INTACT = pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "tests/support"))
from tiny_idx import write_idx  # noqa: E402
from webdriver import Browser  # noqa: E402


def fixed(value, digits):
    """As JavaScript's toFixed: of the exact binary value, halves away from zero."""
    return str(decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-digits), decimal.ROUND_HALF_UP))


def precise(value):
    """As JavaScript's toPrecision(3)."""
    if value == 0:
        return "0.00"
    rounded = decimal.Context(prec=3, rounding=decimal.ROUND_HALF_UP).create_decimal(decimal.Decimal(value))
    exponent = rounded.adjusted()
    if -7 < exponent < 3:
        return fixed(float(rounded), 2 - exponent) if exponent < 2 else fixed(float(rounded), 0)
    digits = "".join(map(str, rounded.as_tuple().digits)).ljust(3, "0")
    return f"{'-' if value < 0 else ''}{digits[0]}.{digits[1:]}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


FORMATS = {
    "percent": lambda value: fixed(value * 100, 2) + " %",
    "count": lambda value: f"{value:,}",
    "fixed1": lambda value: fixed(value, 1),
    "fixed3": lambda value: fixed(value, 3),
    "ratio": lambda value: fixed(value, 2) + "\u00d7",
    "decibels": lambda value: fixed(value, 1) + " dB",
    "ms": lambda value: fixed(value, 2) + " ms",
    "precise": precise,
    "text": str,
    "dims": lambda value: "[" + ",".join("N" if size < 0 else str(size) for size in value) + "]",
}


def at(report, pointer):
    value = report
    for key in pointer.split("/")[1:]:
        if value is None:
            return None
        value = value[int(key)] if isinstance(value, list) else value.get(key)
    return value


NUMBERS = """return [...document.querySelectorAll("[data-from]")].map((node) => [node.dataset.from, node.dataset.format, node.textContent])"""


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.data = write_idx(cls.folder / "data")
        cls.run_float, cls.run_quantized = cls.folder / "float", cls.folder / "quantized"
        cls.intact("train", "--model", "mobilenet_v1", "--scale", "0.25", "--batch-size", "32", "--epochs", "3", "--data", cls.data,
                   "--out", cls.run_float)
        cls.intact("quantize", cls.run_float, "--data", cls.data, "--epochs", "2", "--out", cls.run_quantized)
        (cls.run_quantized / "certificate.json").write_text(json.dumps({
            "kind": "intact certificate", "format": 1, "model": {"file": "<b>m</b>.onnx", "sha256": "ab" * 32},
            "data": {"directory": "d", "images": 128, "sha256": {}}, "machine": {"cpu": "a CPU", "flags": []},
            "intact": {"version": "1", "engine": "integer runtime", "top1": 0.5},
            "clients": [{"client": "onnxruntime", "version": "1.32.0", "optimizations": optimizations, "integers_compared": 123456,
                         "integers_differing": differing, "largest_step": differing, "label_flips": 0, "top1": 0.5, "tensors": [], "outputs": []}
                        for optimizations, differing in ((True, 0), (False, 3))]}))
        cls.intact("report", cls.run_quantized, "--data", cls.data, "--json", cls.folder / "report.json")
        cls.page = cls.run_quantized / "report.html"
        cls.report = json.loads((cls.folder / "report.json").read_text())
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        shutil.rmtree(cls.folder)

    @classmethod
    def intact(cls, *arguments):
        done = subprocess.run([str(INTACT), *map(str, arguments)], capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return done

    def show(self, page):
        self.browser.requests()
        self.browser.open(page.as_uri())
        self.assertEqual(self.browser.console(), [])

    def check_numbers(self, report, at_least):
        numbers = self.browser.run(NUMBERS)
        self.assertGreater(len(numbers), at_least)
        for pointer, kind, text in numbers:
            value = at(report, pointer)
            if value is None:
                self.assertIn(text, ("\u2013", "exact"), pointer)
            else:
                self.assertEqual(text, FORMATS[kind](value), pointer)

    def test_every_number_is_the_jsons_before_and_after_opening_all_layers(self):
        self.show(self.page)
        self.assertEqual(json.loads(self.browser.run("return document.getElementById('report').textContent")), self.report)
        self.check_numbers(self.report, 300)
        self.browser.run("document.querySelectorAll('tr.layer').forEach((row) => row.click())")
        self.assertEqual(self.browser.run("return document.querySelectorAll('tr.detail').length"), len(self.report["analysis"]["layers"]))
        self.check_numbers(self.report, 600)
        self.assertEqual(self.browser.console(), [])

    def test_asks_nothing_of_the_network(self):
        self.show(self.page)
        asked = [url for url in self.browser.requests() if not url.startswith("data:")]
        self.assertEqual(asked, [self.page.as_uri()])
        for word in ("http://", "https://"):
            rest = self.page.read_text().replace("http://www.w3.org/2000/svg", "")
            self.assertNotIn(word, rest)

    def test_sorts_by_a_column(self):
        self.show(self.page)
        shown = """return [...document.querySelectorAll('#layer-table tbody tr')].map((row) => row.cells[8].textContent)"""
        self.browser.run("document.querySelectorAll('#layer-table th')[8].click()")
        values = [float(text) for text in self.browser.run(shown) if text not in ("exact", "\u2013")]
        self.assertEqual(values, sorted(values, reverse=True))
        self.browser.run("document.querySelectorAll('#layer-table th')[8].click()")
        self.assertEqual([float(text) for text in self.browser.run(shown) if text not in ("exact", "\u2013")], sorted(values))

    def test_has_all_parts_and_fits_a_phone(self):
        self.show(self.page)
        parts = self.browser.run("return [...document.querySelectorAll('main > [id]')].map((part) => part.id)")
        self.assertEqual(parts, ["curves", "precision", "layers", "time", "confusion", "compare", "certificate", "settings"])
        for width in (390, 1280):
            self.browser.call("POST", "/window/rect", {"width": width, "height": 844})
            self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth - innerWidth"), 0, width)

    def test_json_says_what_other_commands_say(self):
        result = self.report["result"]
        self.intact("eval", self.run_quantized, "--data", self.data, "--json", self.folder / "eval.json")
        self.assertEqual(result["top1"], json.loads((self.folder / "eval.json").read_text())["top1"])
        self.assertEqual(sum(map(sum, result["confusion"])), result["images"])
        self.assertEqual(sum(result["confusion"][i][i] for i in range(10)), result["correct"])
        self.assertEqual([phase["name"] for phase in self.report["phases"]], ["train", "quantize"])
        self.assertEqual([phase["iterations"] for phase in self.report["phases"]], [24, 16])
        comparison = self.report["comparison"]
        self.assertEqual(len(comparison["disagreements"]), comparison["differing"])
        layers = self.report["analysis"]["layers"]
        self.assertEqual(len(layers), 28)  # 14 convolutions, 13 depthwise ones and the classifier
        tensors = {tensor["name"]: tensor for tensor in self.report["analysis"]["tensors"]}
        for layer in layers:
            self.assertEqual(sum(tensors[layer["weight"]]["histogram"]), tensors[layer["weight"]]["count"])
            self.assertGreater(layer["integer_ms"], 0, layer["op"])
            self.assertGreater(layer["float_ms"], 0, layer["op"])
        self.assertAlmostEqual(sum(step["share"] for step in self.report["time"]["integer"]["steps"]), 1.0)

    def test_hostile_names_stay_text(self):
        run = self.folder / "hostile"
        shutil.copytree(self.run_float, run)
        manifest = json.loads((run / "run.json").read_text())
        evil = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">&amp;<!--"
        manifest["info"]["model"] = evil
        manifest["info"]["config"]["optimizer"] = evil
        (run / "run.json").write_text(json.dumps(manifest))
        self.intact("report", run)
        self.show(run / "report.html")
        self.assertEqual(self.browser.run("return document.querySelector('h1').textContent"), evil)
        self.assertEqual(self.browser.run("return document.title"), evil + ": Intact report")
        self.assertEqual(self.browser.run("return document.querySelectorAll('img').length"), 0)

    def test_a_float_run_and_no_data_leave_parts_out(self):
        page, data = self.folder / "float.html", self.folder / "float.json"
        self.intact("report", self.run_float, "--data", self.data, "--against", self.run_quantized, "--out", page, "--json", data)
        self.show(page)
        self.check_numbers(json.loads(data.read_text()), 100)
        self.assertEqual(self.browser.run("return [...document.querySelectorAll('main > [id]')].map((part) => part.id)"),
                         ["curves", "time", "confusion", "compare", "settings"])
        self.intact("report", self.run_quantized, "--out", page, "--json", data)
        self.show(page)
        self.check_numbers(json.loads(data.read_text()), 100)

    def test_bad_input(self):
        for words, arguments in ((["holds no run"], [self.folder]), (["certificate.json"], [self.run_float, "--certificate", self.page]),
                                 (["nowhere"], [self.run_float, "--data", self.folder / "nowhere"])):
            done = subprocess.run([str(INTACT), "report", *map(str, arguments)], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
