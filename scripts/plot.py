"""Draws the demo's result as an SVG: loss and accuracy over both phases. python3 scripts/plot.py DIR writes DIR/result.svg."""
import json
import math
import pathlib
import sys

WIDTH, HEIGHT = 820, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 64, 56, 44
COLORS = {"float": "#2563eb", "quantized": "#c2410c"}


def smooth(values, keep=0.8):
    result, mean = [], None
    for value in values:
        mean = value if mean is None else keep * mean + (1 - keep) * value
        result.append(mean)
    return result


def line(points, color, extra=""):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2" {extra}/>'


def text(x, y, words, anchor="middle", size=13, color="#1f2937", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{color}" {extra}>{words}</text>'


def main(folder):
    phases = [(name, json.loads((folder / f"{name}.json").read_text())) for name in ("float", "quantized")]
    total = sum(phase["history"][-1]["iteration"] for _, phase in phases)
    low, high = math.log10(0.01), math.log10(3.0)

    def x_of(iteration):
        return LEFT + (WIDTH - LEFT - RIGHT) * iteration / total

    def y_of(loss):
        share = (math.log10(min(max(loss, 0.01), 3.0)) - low) / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for loss in (0.01, 0.03, 0.1, 0.3, 1, 3):
        y = y_of(loss)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e5e7eb"/>')
        parts.append(text(LEFT - 8, y + 4, f"{loss:g}", "end", 12))
    begin = 0
    for name, phase in phases:
        history = phase["history"]
        color = COLORS[name]
        losses = [point["loss"] for point in history]
        positions = [x_of(begin + point["iteration"]) for point in history]
        parts.append(line([(x, y_of(v)) for x, v in zip(positions, losses)], color, 'opacity="0.25"'))
        parts.append(line([(x, y_of(v)) for x, v in zip(positions, smooth(losses))], color))
        end = begin + history[-1]["iteration"]
        words = "float training" if name == "float" else "quantized fine-tuning"
        parts.append(text((x_of(begin) + x_of(end)) / 2, TOP - 12,
                          f'{words}: top-1 {phase["top1"]:.4f}', color=color,
                          extra='font-weight="bold"'))
        if begin:
            parts.append(f'<line x1="{x_of(begin):.1f}" y1="{TOP}" x2="{x_of(begin):.1f}" y2="{HEIGHT - BOTTOM}" '
                         'stroke="#6b7280" stroke-dasharray="4 4"/>')
        begin = end
    parts.append(text(WIDTH / 2, HEIGHT - 10, f'iteration; top-1 on {phases[0][1]["images"]:,} test images'))
    for iteration in range(0, total + 1, 250 if total > 500 else 50):
        parts.append(text(x_of(iteration), HEIGHT - BOTTOM + 18, f"{iteration}", size=12))
    parts.append(text(18, HEIGHT / 2, "training loss", extra=f'transform="rotate(-90 18 {HEIGHT / 2})"'))
    parts.append("</svg>\n")
    (folder / "result.svg").write_text("\n".join(parts))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
