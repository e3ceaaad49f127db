"""Sizes of the wheel and of what it needs once installed, numpy aside: at most 10 and 60 MB.

    python3 python/support/check_size.py WHEEL     in an environment where the wheel is installed
"""
import os
import pathlib
import subprocess
import sys

WHEEL_BYTES, INSTALLED_BYTES = 10_000_000, 60_000_000


def libraries(extension):
    """What the extension loads besides what every Debian has."""
    printed = subprocess.run(["ldd", extension], check=True, capture_output=True, text=True).stdout
    paths = [line.split("=>")[1].split()[0] for line in printed.splitlines() if "=>" in line]
    basic = ("libc.so", "libm.so", "libstdc++.so", "libgcc_s.so", "libz.so")
    return [pathlib.Path(path).resolve() for path in paths if not pathlib.Path(path).name.startswith(basic)]


def main(wheel):
    import intact

    package = pathlib.Path(intact.__file__).parent
    files = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    extension = next(package.glob("_intact*.so"))
    outside = [path for path in libraries(extension) if package not in path.parents]
    sizes = {"wheel": os.path.getsize(wheel), "installed": sum(path.stat().st_size for path in [*files, *outside])}
    beside = f" with {', '.join(path.name for path in outside)}" if outside else ""
    print(f"{pathlib.Path(wheel).name}: {sizes['wheel'] / 1e6:.1f} MB (at most {WHEEL_BYTES / 1e6:g}); installed{beside} "
          f"{sizes['installed'] / 1e6:.1f} MB (at most {INSTALLED_BYTES / 1e6:g})")
    return 0 if sizes["wheel"] <= WHEEL_BYTES and sizes["installed"] <= INSTALLED_BYTES else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
