"""Checks every #include against the room table of docs/architecture.md: a room includes only rooms with a smaller number."""
import pathlib
import re
import sys

LEVELS = {
    "base": 0, "tensor": 1, "ir": 2, "data": 2, "ops": 3, "backend": 3, "autodiff": 3, "passes": 3,
    "interop": 3, "runtime": 4, "nn": 4, "quant": 5, "train": 5,
}
INCLUDE = re.compile(r'^\s*#include\s+"(?:intact/)?([a-z_]+)/')


def main(root):
    errors = []
    for folder in ("include/intact", "src"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            relative = path.relative_to(root / folder)
            room = relative.parts[0]
            if room not in LEVELS:
                if str(relative) != "intact.h":
                    errors.append(f"{path}: '{room}' is not a room")
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                where = f"{path.relative_to(root)}:{number}"
                match = INCLUDE.match(line)
                if not match or match.group(1) not in LEVELS:
                    continue
                other = match.group(1)
                if folder == "include/intact" and '"intact/' not in line:
                    errors.append(f"{where}: a public header includes src/")
                if other != room and LEVELS[other] >= LEVELS[room]:
                    errors.append(f"{where}: {room} ({LEVELS[room]}) includes {other} ({LEVELS[other]})")
    print("\n".join(errors) if errors else "layering: clean")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
