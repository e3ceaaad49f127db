"""The runtime library as a C program embeds it: python3 tests/tools/embed_test.py SOURCE INTACT EMBED LIBRARY. Its outputs, what it
shows and links, its size, and how long a process takes from its start to its first inference."""
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE, INTACT, EMBED, LIBRARY = (pathlib.Path(argument).resolve() for argument in sys.argv[1:5])
sys.path.insert(0, str(SOURCE / "tests/support"))
from tiny_idx import write_idx  # noqa: E402

LARGEST_BYTES = 3 << 20
LONGEST_START_SECONDS = 0.020


def output_of(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


def write_npy(path, shape, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    data = struct.pack(f"<{len(values)}f", *values)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)
    return data


def read_npy(path):
    data = path.read_bytes()
    size = struct.unpack("<H", data[8:10])[0]
    return list(struct.unpack(f"<{(len(data) - 10 - size) // 4}f", data[10 + size:]))


def cpu_seconds(command):
    """What a process used until it ended, which other work on the machine does not change much."""
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return usage.ru_utime + usage.ru_stime


class Embed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        data = write_idx(cls.folder / "data", train=64, test=16)
        run, quantized = cls.folder / "run", cls.folder / "quantized"
        output_of(INTACT, "train", "--model", "mobilenet_v1", "--data", data, "--out", run)
        output_of(INTACT, "quantize", run, "--data", data, "--deploy", "portable", "--out", quantized)
        cls.model = cls.folder / "model.onnx"
        output_of(INTACT, "convert", quantized, "--format", "onnx", "--out", cls.model)
        cls.paddle = cls.folder / "paddle"
        output_of(INTACT, "convert", quantized, "--int8", "--out", cls.paddle)
        generator = random.Random(0)
        values = [generator.uniform(-1, 1) for _ in range(784)]
        cls.image = cls.folder / "image.f32"
        cls.image.write_bytes(write_npy(cls.folder / "image.npy", (1, 1, 28, 28), values))
        cls.float_model = cls.folder / "float"
        output_of(INTACT, "convert", run, "--out", cls.float_model)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_gives_what_the_command_gives(self):
        y = self.folder / "y.npy"
        for model in (self.model, self.paddle, f"{self.paddle}_int8"):
            output_of(INTACT, "run", model, "--integer", "--input", self.folder / "image.npy", "--output", y)
            printed = [float(line) for line in output_of(EMBED, model, self.image).split()]
            # Nine digits give a float32 back exactly.
            self.assertEqual([struct.unpack("f", struct.pack("f", value))[0] for value in printed], read_npy(y))

    def test_says_what_is_wrong(self):
        for model, words in ((self.folder / "missing", "missing"), (self.float_model, "`intact quantize`")):
            done = subprocess.run([EMBED, model, self.image], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)

    def test_shows_c_functions_alone_and_links_no_engine(self):
        symbols = [line.split()[-1].split("@")[0] for line in output_of("nm", "-D", "--defined-only", LIBRARY).splitlines()]
        header = (SOURCE / "include/intact/runtime/intact_runtime.h").read_text()
        self.assertGreaterEqual(len(symbols), 12)
        self.assertEqual([name for name in symbols if f"{name}(" not in header], [])
        needed = output_of("readelf", "-d", LIBRARY)
        self.assertNotIn("dnnl", needed)
        every = output_of("nm", "-C", LIBRARY)
        for word in ("append_backward", "register_adam", "register_momentum", "Executor::"):
            self.assertNotIn(word, every)

    def test_is_small(self):
        stripped = self.folder / "stripped.so"
        output_of("strip", "-o", stripped, LIBRARY)
        print(f"stripped library: {stripped.stat().st_size} bytes", file=sys.stderr)
        self.assertLessEqual(stripped.stat().st_size, LARGEST_BYTES)

    def test_starts_fast(self):
        # The quickest of many: other work on the machine only adds. A Paddle file has three times the ops to fold.
        for model, longest in ((self.model, LONGEST_START_SECONDS), (f"{self.paddle}_int8", 1.5 * LONGEST_START_SECONDS)):
            seconds = min(cpu_seconds([EMBED, model, self.image]) for _ in range(25))
            print(f"{pathlib.Path(model).name}: {seconds * 1000:.1f} ms from start to end", file=sys.stderr)
            self.assertLessEqual(seconds, longest)



if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
