// Charts as inline SVG. Sizes are units of the viewBox; the page scales them.

/// About `count` round numbers in low..high.
function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const result = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) result.push(+value.toPrecision(12));
  return result;
}

function logTicks(low, high) {
  const result = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); ++power) {
    for (const factor of [1, 2, 5]) {
      const value = factor * 10 ** power;
      if (value >= low && value <= high) result.push(+value.toPrecision(3));
    }
  }
  return result;
}

/// Exponential mean; the more points, the stronger.
function smooth(values) {
  const keep = Math.min(0.8, values.length / (values.length + 40));
  let mean = values[0];
  return values.map((value) => (mean = keep * mean + (1 - keep) * value));
}

const path = (points) => "M" + points.map(([x, y]) => x.toFixed(1) + " " + y.toFixed(1)).join("L");

/// series: [{color, x: [], y: [], lines: (index) => text}], one after the other along x.
/// options: width, height, isLog, low, high, format, marks: [{x, y, color, label}], bands: [{x, label, color}].
function lineChart(series, options) {
  const width = options.width || 560, height = options.height || 250, left = 46, right = 14, top = 24, bottom = 26;
  const all = series.flatMap((one) => one.y).concat((options.marks || []).map((mark) => mark.y));
  let low = options.low ?? Math.min(...all), high = options.high ?? Math.max(...all);
  if (options.isLog) { low = Math.max(low, 1e-6); high = Math.max(high, low * 10); }
  else if (high <= low) high = low + (Math.abs(low) || 1);
  const end = Math.max(1, ...series.flatMap((one) => one.x));
  const scale = options.isLog ? Math.log10 : (value) => value;
  const xOf = (x) => left + (width - left - right) * x / end;
  const yOf = (y) => height - bottom - (height - top - bottom) * (scale(Math.min(Math.max(y, low), high)) - scale(low)) / (scale(high) - scale(low));
  const chart = s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": options.title });
  for (const value of options.isLog ? logTicks(low, high) : ticks(low, high, 4)) {
    chart.append(s("line", { class: "grid", x1: left, x2: width - right, y1: yOf(value), y2: yOf(value) }),
                 s("text", { x: left - 7, y: yOf(value) + 4, "text-anchor": "end" }, options.format(value)));
  }
  for (const value of ticks(0, end, 5)) {
    chart.append(s("text", { x: xOf(value), y: height - 8, "text-anchor": "middle" }, grouped(String(value))));
  }
  for (const band of options.bands || []) {
    if (band.x > 0) chart.append(s("line", { class: "cross", x1: xOf(band.x), x2: xOf(band.x), y1: top - 8, y2: height - bottom }));
    chart.append(s("text", { x: xOf(band.x) + (band.x > 0 ? 6 : 0), y: 12, style: `fill:${band.color};font-weight:600` }, band.label));
  }
  for (const one of series.filter((one) => one.y.length > 0)) {
    const line = (values) => path(values.map((y, index) => [xOf(one.x[index]), yOf(y)]));
    if (options.isSmooth) chart.append(s("path", { d: line(one.y), fill: "none", stroke: one.color, "stroke-width": 1, opacity: 0.28 }));
    chart.append(s("path", { d: line(options.isSmooth ? smooth(one.y) : one.y), fill: "none", stroke: one.color, "stroke-width": 2,
                             "stroke-linejoin": "round" }));
  }
  for (const mark of options.marks || []) {
    chart.append(s("circle", { cx: xOf(mark.x), cy: yOf(mark.y), r: 4.5, style: `fill:${mark.color};stroke:var(--card);stroke-width:2` }));
    chart.append(s("text", { class: "strong", x: xOf(mark.x) - 9, y: yOf(mark.y) + (yOf(mark.y) < top + 12 ? 18 : -9), "text-anchor": "end" },
                   mark.label));
  }
  return withCrosshair(chart, series, { width, top, bottom: height - bottom, xOf, yOf });
}

/// A line that follows the pointer to the nearest point and tells its numbers.
function withCrosshair(chart, series, view) {
  const points = series.flatMap((one) => one.x.map((x, index) => ({ x: view.xOf(x), y: view.yOf(one.y[index]), color: one.color, lines: () => one.lines(index) })));
  if (points.length === 0) return chart;
  const cross = s("line", { class: "cross", y1: view.top, y2: view.bottom, visibility: "hidden" });
  const dot = s("circle", { r: 3.5, visibility: "hidden" });
  const pad = s("rect", { x: 0, y: 0, width: view.width, height: view.bottom, fill: "transparent" });
  chart.append(cross, dot, pad);
  withTip(pad, (event) => {
    const box = chart.getBoundingClientRect();
    const x = (event.clientX - box.left) * view.width / box.width;
    const near = points.reduce((best, point) => (Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best));
    for (const [name, value] of [["x1", near.x], ["x2", near.x], ["visibility", "visible"]]) cross.setAttribute(name, value);
    for (const [name, value] of [["cx", near.x], ["cy", near.y], ["fill", near.color], ["visibility", "visible"]]) dot.setAttribute(name, value);
    return near.lines();
  });
  pad.addEventListener("pointerleave", () => [cross, dot].forEach((node) => node.setAttribute("visibility", "hidden")));
  return chart;
}

/// Path of one bar a code; heights are square roots, so that tails show.
function barsPath(counts, width, height) {
  const most = Math.sqrt(Math.max(1, ...counts));
  const step = width / counts.length;
  return counts.map((count, index) => {
    const tall = height * Math.sqrt(count) / most;
    return count > 0 ? `M${(index * step).toFixed(2)} ${height}v${(-tall).toFixed(2)}h${(step * 0.86).toFixed(2)}v${tall.toFixed(2)}z` : "";
  }).join("");
}

/// What was clipped, where it piles up: [lowest bin, ..., highest bin].
function clippedCounts(tensor) {
  const counts = tensor.histogram.map(() => 0);
  counts[0] = tensor.clipped_low;
  counts[counts.length - 1] += tensor.clipped_high;
  return counts;
}

function sparkline(tensor, color) {
  const chart = s("svg", { class: "spark", viewBox: "0 0 96 26", preserveAspectRatio: "none", "aria-hidden": "true" });
  chart.append(s("path", { d: barsPath(tensor.histogram, 96, 25), fill: color }), s("line", { class: "axis", x1: 0, x2: 96, y1: 25.5, y2: 25.5 }));
  return chart;
}

/// A tensor's values on its codes, with what each code stands for.
function histogram(tensor, color) {
  const width = 520, tall = 120, bottom = 40;
  const chart = s("svg", { viewBox: `0 -6 ${width} ${tall + bottom + 6}`, role: "img", "aria-label": "values of " + tensor.name + " on their codes" });
  const counts = tensor.histogram;
  const xOf = (code) => width * (code - tensor.low + 0.43) / (tensor.high - tensor.low + 1);
  const codes = [tensor.low, ...ticks(tensor.low, tensor.high, 6).filter((code) => code - tensor.low > 18 && tensor.high - code > 18), tensor.high];
  for (const code of codes) {
    chart.append(s("line", { class: code === tensor.zero_point ? "axis" : "grid", x1: xOf(code), x2: xOf(code), y1: 0, y2: tall + 4 }));
    const anchor = code === tensor.low ? "start" : code === tensor.high ? "end" : "middle";
    const x = code === tensor.low ? 0 : code === tensor.high ? width : xOf(code);
    chart.append(s("text", { x, y: tall + 18, "text-anchor": anchor }, String(code)));
    if (tensor.steps === 1) {
      chart.append(s("text", { x, y: tall + 34, "text-anchor": anchor }, ((code - tensor.zero_point) * tensor.step_max).toPrecision(3)));
    }
  }
  chart.append(s("path", { d: barsPath(counts, width, tall), fill: color }));
  const clipped = clippedCounts(tensor);
  const most = Math.max(1, ...counts);
  clipped.forEach((count, index) => {
    if (count === 0) return;
    const high = Math.max(2, tall * Math.sqrt(count / most));
    chart.append(s("rect", { x: width * index / counts.length, y: tall - high, width: Math.max(2, width / counts.length), height: high, style: "fill:var(--bad)" }));
  });
  const pad = s("rect", { x: 0, y: 0, width, height: tall, fill: "transparent" });
  chart.append(pad);
  withTip(pad, (event) => {
    const box = pad.getBoundingClientRect();
    const index = Math.min(counts.length - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * counts.length)));
    const code = tensor.low + index * tensor.codes_per_bin;
    const real = tensor.steps === 1 ? ` = ${((code - tensor.zero_point) * tensor.step_max).toPrecision(4)}` : "";
    return `code ${code}${real}\n${formats.count(counts[index])} values` + (clipped[index] ? `, ${formats.count(clipped[index])} clipped` : "");
  });
  return chart;
}

/// One bar of coloured parts: [{label, share, color, lines}].
function stackedBar(parts) {
  const chart = s("svg", { viewBox: "0 0 1000 34", preserveAspectRatio: "none", style: "height:34px" });
  let x = 0;
  for (const part of parts) {
    const wide = 1000 * part.share;
    chart.append(withTip(s("rect", { x: x.toFixed(2), y: 0, width: Math.max(0.2, wide - 0.8).toFixed(2), height: 34, style: "fill:" + part.color }), part.lines));
    x += wide;
  }
  return chart;
}
