"""Writes the /// comments of the public headers as a C++ table, so that Python's help is the headers' text.

    python3 python/support/docstrings.py INCLUDE_DIR OUTPUT

A name is what follows namespace intact: "Executor.run", "nn.conv2d". Of overloads the first that is documented counts.
"""
import pathlib
import re
import sys

TYPE = re.compile(r"^(?:class|struct|enum class)\s+(\w+)")
FUNCTION = re.compile(r"(\w+|operator\(\)|operator\S+)\s*\(")
FIELD = re.compile(r"(\w+)\s*(?:=[^;]*|\{[^;]*)?;")
NAMESPACE = re.compile(r"^namespace\s+([\w:]+)\s*\{")


def name_of(declaration):
    while re.search(r"<[^<>]*>", declaration):
        declaration = re.sub(r"<[^<>]*>", "", declaration)
    is_field = re.match(r"[^(]*[={;]", declaration)
    for pattern in (TYPE, FIELD if is_field else FUNCTION):
        match = pattern.search(declaration)
        if match:
            return match.group(1)
    return None


def docs_of(text):
    """(name, text) of every documented declaration."""
    scopes = []  # (name, depth outside)
    depth = 0
    comment = []
    for line in text.splitlines():
        code = line.strip()
        if code.startswith("///"):
            comment.append(code[3:].strip())
            continue
        if code.startswith("//") or code.startswith("template") or code.startswith("requires"):
            continue
        namespace = NAMESPACE.match(code)
        type_ = TYPE.match(code)
        if comment and code:
            name = name_of(code)
            if name:
                yield ".".join([*(scope for scope, _ in scopes if scope), name]), "\n".join(comment)
            comment = []
        if namespace:
            scopes.append((".".join(namespace.group(1).split("::")[1:]), depth))
        elif type_ and code.endswith("{"):
            scopes.append((type_.group(1), depth))
        depth += code.count("{") - code.count("}")
        while scopes and depth <= scopes[-1][1]:
            scopes.pop()


def main(include, output):
    table = {}
    for path in sorted(pathlib.Path(include).rglob("*.h")):
        for name, text in docs_of(path.read_text()):
            table.setdefault(name, text)
    rows = "\n".join(f'    {{"{name}", R"doc({text})doc"}},' for name, text in sorted(table.items()))
    text = ("// Written by python/support/docstrings.py from the public headers.\n#pragma once\n\n"
            "namespace intact::python {\n\nstruct Doc {\n  const char* name;\n  const char* text;\n};\n"
            f"inline constexpr Doc kDocs[] = {{\n{rows}\n}};\n\n}}  // namespace intact::python\n")
    path = pathlib.Path(output)
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
