"""Prints the Markdown table of what scripts/verify_matrix.sh has left in DIR: one row a network and data set, one column a client."""
import argparse
import json
import pathlib


def read(path):
    return json.loads(path.read_text())


def cell(client):
    if client["failure"]:
        return "failed"
    return f"{client['integers_differing']:,}; {client['label_flips']}"


def matrix(folder, steps, limit):
    rows, columns = {}, []
    for path in sorted(folder.glob(f"*/*/{steps}-{limit}-*/certificate.json")):
        certificate = read(path)
        row = rows.setdefault(path.parents[1], {"images": certificate["data"]["images"], "top1": certificate["intact"]["top1"]})
        for client in certificate["clients"]:
            column = f"{client['client']} {client['version']}{'' if client['optimizations'] else ', not optimized'}"
            columns += [column] if column not in columns else []
            row["codes"] = max(row.get("codes", 0), client["integers_compared"])
            row[column] = cell(client)
    print("| data | network, seed | images | top-1 | codes | " + " | ".join(columns) + " |")
    print("|---" * (5 + len(columns)) + "|")
    for path, row in rows.items():
        cells = [path.parent.name, path.name.replace("-", ", "), f"{row['images']:,}", f"{row['top1']:.4f}", f"{row['codes']:,}"]
        print("| " + " | ".join(cells + [row.get(column, "") for column in columns]) + " |")


def profiles(folder):
    names = ("paddle", "free", "exact")
    print("| MobileNetV1, seed | paddle | portable | portable, exact steps |\n|---|---|---|---|")
    runs = [path for path in sorted(folder.glob("mnist/mobilenet_v1-*")) if (path / "paddle.json").exists()]
    tops = [[read(path / f"{name}.json")["top1"] for name in names] for path in runs]
    for path, row in zip(runs, tops):
        print(f"| {path.name.split('-')[-1]} | " + " | ".join(f"{top1:.4f}" for top1 in row) + " |")
    print("| mean | " + " | ".join(f"{sum(column) / len(column):.5f}" for column in zip(*tops)) + " |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--profiles", action="store_true")
    parser.add_argument("--steps", default="exact")
    parser.add_argument("--limit", default="0")
    options = parser.parse_args()
    profiles(options.folder) if options.profiles else matrix(options.folder, options.steps, options.limit)
