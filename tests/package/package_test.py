"""Installs the build into a temporary prefix, builds outside projects with find_package(intact), runs the tutorial and, in C, its
model."""
import pathlib
import subprocess
import sys
import tempfile


def run(*command):
    print("+", *command, flush=True)
    subprocess.run([str(part) for part in command], check=True)


def main(source, build):
    sys.path.insert(0, str(source / "tests/support"))
    from tiny_idx import write_idx

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        run("cmake", "--install", build, "--prefix", folder / "prefix")
        run("cmake", "-G", "Ninja", "-S", source / "tests/package", "-B", folder / "outside",
            f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}", "-DCMAKE_BUILD_TYPE=Release",
            f"-DTUTORIAL_SOURCE={source / 'examples/mnist_mobilenet_qat.cc'}")
        run("cmake", "--build", folder / "outside")
        run("cmake", "-G", "Ninja", "-S", source / "tests/package/c", "-B", folder / "c",
            f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}", f"-DEMBED_SOURCE={source / 'examples/embed.c'}")
        run("cmake", "--build", folder / "c")
        data = write_idx(folder / "data")
        run(folder / "outside/tutorial", data, folder / "model")
        missing = [name for name in ("model.pdmodel", "model.pdiparams", "model_int8.pdmodel",
                                     "model_int8.pdiparams") if not (folder / name).exists()]
        assert not missing, f"the tutorial did not write {missing}"
        run(folder / "prefix/bin/intact", "eval", folder / "model", "--data", data)
        (folder / "image.f32").write_bytes(bytes(4 * 28 * 28))
        run(folder / "c/embed", folder / "model_int8", folder / "image.f32")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
