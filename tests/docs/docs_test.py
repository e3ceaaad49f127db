"""Keeps README and docs true.

    python3 tests/docs/docs_test.py SOURCE INTACT            checks
    python3 tests/docs/docs_test.py SOURCE INTACT --update   rewrites printed lists

What is checked, in README.md, CONTRIBUTING.md and docs/*.md:
- `sh` blocks run line by line, one shell a file, in an empty folder with `intact` on the PATH and $DATA, a tiny data set in
  MNIST's format. Lines that start with `scripts/` or `.ci/` are run by CI itself: here the script must exist and be executable.
  cmake lines are what scripts/test.sh does and are skipped.
- A block after `<!-- output of: COMMAND -->` equals what the command prints.
- A block after `<!-- from FILE -->` is an excerpt of that file, line for line.
- Links to files of the repository exist.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^(?P<mark><!-- (?:output of|from):? (?P<what>.+?) -->\n)?```(?P<language>\w*)\n(?P<body>.*?)^```$",
                   re.M | re.S)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
RUN_BY_CI = ("scripts/", ".ci/", "cmake ")


def documents(source):
    return [source / "README.md", source / "CONTRIBUTING.md", *sorted((source / "docs").rglob("*.md"))]


def printed_by(command, environment):
    done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"`{command}` failed: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines()) + "\n"


def shell_lines(body):
    return [line for line in body.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]


def check_shell(document, blocks, source, environment, errors):
    script = []
    for body in blocks:
        for line in shell_lines(body):
            word = line.split()[0]
            if not word.startswith(RUN_BY_CI) and word != "cmake":
                script.append(line)
            elif word != "cmake" and not os.access(source / word, os.X_OK):
                errors.append(f"{document}: {word} is not an executable of the repository")
    if not script:
        return
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["bash", "-euxc", "\n".join(script)], cwd=folder, env=environment, capture_output=True,
                              text=True, timeout=600)
    if done.returncode != 0:
        errors.append(f"{document}: its commands fail:\n{done.stderr[-2000:]}")


def check_document(path, source, environment, is_update, errors):
    text = path.read_text()
    document = path.relative_to(source)
    for target in LINK.findall(FENCE.sub("", text)):
        if not (path.parent / target).exists():
            errors.append(f"{document}: link to {target}, which does not exist")
    shell = []

    def check_block(match):
        body, what = match["body"], match["what"]
        if match["mark"] and "output of" in match["mark"]:
            printed = printed_by(what, environment)
            if printed != body and not is_update:
                errors.append(f"{document}: `{what}` prints something else; run docs_test.py with --update")
            return f"{match['mark']}```{match['language']}\n{printed}```"
        if match["mark"]:
            if body.strip("\n") not in (source / what).read_text():
                errors.append(f"{document}: the excerpt is not in {what}")
        elif match["language"] in ("sh", "bash"):
            shell.append(body)
        return match[0]

    updated = FENCE.sub(check_block, text)
    if is_update and updated != text:
        path.write_text(updated)
    check_shell(document, shell, source, environment, errors)


def main(source, intact, is_update):
    sys.path.insert(0, str(source / "tests/support"))
    from tiny_idx import write_idx

    errors = []
    with tempfile.TemporaryDirectory() as folder:
        data = write_idx(pathlib.Path(folder) / "data")
        environment = {**os.environ, "PATH": f"{intact.parent}:{os.environ['PATH']}", "DATA": str(data), "COLUMNS": "100"}
        for path in documents(source):
            check_document(path, source, environment, is_update, errors)
    print("\n".join(errors) if errors else "docs: all true")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), "--update" in sys.argv))
