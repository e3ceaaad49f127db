"""Draws where a training step's time goes, from two files of `intact bench --profile --json`:

    intact bench train --profile --json float.json
    intact bench quantize --profile --json qat.json
    python3 scripts/plot_profile.py float.json qat.json docs/step.svg
"""
import json
import pathlib
import sys

WIDTH, BAR, GAP, LEFT, TOP = 860, 44, 34, 150, 56
# What a step is made of: name, color, kinds of the profile's rows. The first match counts.
PARTS = [
    ("pointwise forward", "#2563eb", ("conv2d", "mul", "matmul_v2")),
    ("pointwise backward", "#1e3a8a", ("conv2d_grad", "mul_grad", "matmul_v2_grad")),
    ("depthwise forward", "#0d9488", ("depthwise_conv2d",)),
    ("depthwise backward", "#115e59", ("depthwise_conv2d_grad",)),
    ("batch norm forward", "#f59e0b", ("fused_batch_norm", "batch_norm", "quantize_in_batch_norm")),
    ("batch norm backward", "#b45309", ("fused_batch_norm_grad", "batch_norm_grad")),
    ("optimizer", "#7c3aed", ("momentum", "sgd", "adam")),
    ("quantizing and the rest", "#94a3b8", ()),
]


def part_of(kind):
    for index, (_, _, kinds) in enumerate(PARTS):
        if kind in kinds:
            return index
    return len(PARTS) - 1


def sums(path):
    report = json.loads(pathlib.Path(path).read_text())
    result = [0.0] * len(PARTS)
    for row in report["profile"]:
        result[part_of(row["kind"])] += row["ms"]
    return result


def text(x, y, words, anchor="start", size=13, color="#1f2937"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{color}">{words}</text>'


def main(float_path, quantized_path, target):
    bars = [("float step", sums(float_path)), ("QAT step", sums(quantized_path))]
    longest = max(sum(parts) for _, parts in bars)
    height = TOP + 2 * (BAR + GAP) + 24 * ((len(PARTS) + 3) // 4) + 10
    scale = (WIDTH - LEFT - 30) / longest
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
           f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
           text(20, 30, "Where a training step's milliseconds go (MobileNetV1, 28x28, batch 64)", size=16)]
    for row, (name, parts) in enumerate(bars):
        y = TOP + row * (BAR + GAP)
        out.append(text(LEFT - 12, y + BAR / 2 - 2, name, "end", 14))
        out.append(text(LEFT - 12, y + BAR / 2 + 16, f"{sum(parts):.1f} ms", "end", 13, "#475569"))
        x = LEFT
        for (label, color, _), ms in zip(PARTS, parts):
            width = ms * scale
            out.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{color}"><title>{label}: {ms:.2f} ms'
                       f'</title></rect>')
            if width > 30:
                out.append(text(x + width / 2, y + BAR / 2 + 5, f"{ms:.1f}", "middle", 12, "white"))
            x += width
    for index, (label, color, _) in enumerate(PARTS):
        x, y = 20 + index % 4 * 208, TOP + 2 * (BAR + GAP) + 24 * (index // 4)
        out.append(f'<rect x="{x}" y="{y - 11}" width="14" height="14" fill="{color}"/>')
        out.append(text(x + 20, y + 1, label))
    out.append("</svg>")
    pathlib.Path(target).write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
