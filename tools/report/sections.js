// The parts of the page. Each returns an element, or null when the report has nothing for it.

const phaseColor = (name) => (name === "quantize" ? "var(--int)" : "var(--float)");
const phaseTitle = (name) => (name === "quantize" ? "quantized fine-tuning" : "float training");

function hero() {
  const run = report.run, quantization = run.quantization;
  const chips = [`${run.classes} classes`, `batch ${run.batch_size}`, `seed ${run.seed}`, `Intact ${report.version}`];
  if (quantization) chips.unshift(`int${quantization.weight_bits} weights`, `${quantization.activation_bits}-bit activations`, `${quantization.deploy} profile`);
  return el("section", {}, el("h1", {}, run.model), el("div", { class: "path" }, run.path), el("div", { class: "chips" }, chips.map((text) => el("span", { class: "chip" }, text))));
}

function tiles() {
  const list = [];
  if (report.result) {
    list.push(tile(report.result.engine === "integer runtime" ? "top-1 on integers" : "top-1", num("/result/top1", "percent"),
                   [num("/result/correct", "count"), " of ", num("/result/images", "count"), " test images"], report.run.quantization ? "int" : "float"));
  }
  if (report.comparison) {
    list.push(tile("top-1, " + report.comparison.a, num("/comparison/top1_a", "percent"), ["McNemar\u2019s exact p = ", num("/comparison/mcnemar_p", "precise")], "float"));
    list.push(tile("labels that differ", num("/comparison/differing", "count"), ["of ", num("/comparison/images", "count"), " images"]));
  }
  if (report.certificate) {
    const isExact = report.certificate.integers_differing === 0 && report.certificate.label_flips === 0;
    list.push(tile("integers unlike other runtimes\u2019", num("/certificate/integers_differing", "count"), ["of ", num("/certificate/integers_compared", "count"), " compared"], isExact ? "good" : "bad"));
  }
  if (report.analysis && report.analysis.images > 0) {
    list.push(tile("signal to quantization noise", num("/analysis/output_sqnr_db", "decibels", "exact"), ["of the output, on ", num("/analysis/images", "count"), " images"]));
  }
  if (report.time && report.time.integer) {
    list.push(tile("inference on integers", num("/time/integer/total_ms", "ms"), ["float ", num("/time/float/total_ms", "ms"), ", ", num("/time/speedup", "ratio"), " of its speed; batch ", num("/time/batch_size", "count")]));
  } else if (report.time) {
    list.push(tile("inference", num("/time/float/total_ms", "ms"), ["batch ", num("/time/batch_size", "count")]));
  }
  return list.length > 0 ? el("div", { class: "tiles" }, list) : null;
}

function phaseSeries(member, lines) {
  let begin = 0;
  return report.phases.map((phase, index) => {
    const start = begin;
    begin += phase.iterations;
    return { color: phaseColor(phase.name), begin: start, end: begin, label: phaseTitle(phase.name), phase, index, x: phase.iteration.map((x) => start + x), y: phase[member],
             lines: (point) => lines(`/phases/${index}/`, point) };
  });
}

function curves() {
  if (report.phases.every((phase) => phase.iteration.length === 0)) return null;
  const lines = (base, point) => `iteration ${shown(base + "iteration/" + point, "count")}\nloss ${shown(base + "loss/" + point, "precise")}\n` +
    `top-1 ${shown(base + "top1/" + point, "percent")}\nlearning rate ${shown(base + "learning_rate/" + point, "precise")}\n${shown(base + "images_per_second/" + point, "fixed1")} images/s`;
  const chart = (member, title, options) => {
    const series = phaseSeries(member, lines);
    return el("div", {}, el("h3", {}, title), lineChart(series, { title, bands: series.map((one) => ({ x: one.begin, label: one.label, color: one.color })), ...options }));
  };
  const tests = phaseSeries("top1", lines).filter((one) => one.phase.test)
    .map((one) => ({ x: one.end, y: one.phase.test.top1, color: one.color, label: shown(`/phases/${one.index}/test/top1`, "percent") }));
  const lowest = Math.min(...report.phases.flatMap((phase) => smooth(phase.top1.length ? phase.top1 : [1])));
  const results = report.phases.map((phase, index) => phase.test && el("span", {}, el("i", { style: "background:" + phaseColor(phase.name) }), phaseTitle(phase.name) + ": top-1 ",
    num(`/phases/${index}/test/top1`, "percent"), ", loss ", num(`/phases/${index}/test/loss`, "precise"), " on ", num(`/phases/${index}/test/images`, "count"), " test images"));
  return card("curves", "Training", "Faint: means over a few iterations. Strong: smoothed. Dots: accuracy on the test images when the phase ended.",
              el("div", { class: "legend" }, results),
              el("div", { class: "two" },
                 chart("loss", "Loss", { isLog: true, isSmooth: true, format: (y) => String(y) }),
                 chart("top1", "Top-1 of the training batches", { isSmooth: true, marks: tests, low: Math.max(0, Math.floor(lowest * 10) / 10 - 0.1), high: 1, format: (y) => (100 * y).toFixed(0) + " %" }),
                 chart("learning_rate", "Learning rate", { height: 150, low: 0, format: (y) => String(y) }),
                 chart("images_per_second", "Images a second", { height: 150, low: 0, format: (y) => grouped(y.toFixed(0)) })));
}

function precision() {
  if (!report.analysis || report.analysis.images === 0) return null;
  const layers = report.analysis.layers.map((layer, index) => ({ layer, index, input: layer.inputs.length ? tensorPointer(layer.inputs[0]) : null }));
  const series = (color, label, pointerOf) => {
    const points = layers.map(pointerOf).map((pointer, index) => ({ pointer, index, y: pointer === null ? null : at(pointer) })).filter((point) => typeof point.y === "number");
    return { color, label, x: points.map((point) => point.index + 1), y: points.map((point) => point.y),
             lines: (i) => `${shortName(layers[points[i].index].layer.op)}\n${label}: ${shown(points[i].pointer, "decibels")}` };
  };
  const list = [series("var(--float)", "weight", (row) => (row.layer.weight ? tensorPointer(row.layer.weight) + "/sqnr_db" : null)),
                series("var(--int)", "input", (row) => (row.input ? row.input + "/sqnr_db" : null)),
                series("var(--good)", "output, all layers so far", (row) => `/analysis/layers/${row.index}/sqnr_db`)];
  return card("precision", "Where precision goes", "Signal to quantization noise, in dB, layer by layer: of each weight and each input against its own codes, and of each output against the same network in float.",
              legend(...list.map((one) => [one.color, one.label])), lineChart(list, { title: "SQNR by layer", width: innerWidth < 700 ? 560 : 1140, height: 240, low: 0, format: (y) => y.toFixed(0) }));
}

function layers() {
  if (!report.analysis) return null;
  const floats = (report.float_layers || []).map((one) => el("p", { class: "note" }, el("span", { class: "name" }, one.op), " stays float: " + one.reason));
  return card("layers", "Layers", "Click a heading to sort, a row for its histograms. One bar is one code; heights are square roots of the counts.", layerTable(), floats);
}

function timeSection() {
  if (!report.time) return null;
  const colors = ["#2563eb", "#0d9488", "#f59e0b", "#7c3aed", "#db2777", "#64748b", "#16a34a", "#c2410c"];
  const types = [...new Set(["float", "integer"].flatMap((which) => (report.time[which] || { steps: [] }).steps.map((step) => step.type)))];
  const colorOf = (type) => colors[types.indexOf(type) % colors.length];
  const most = Math.max(report.time.float.total_ms, (report.time.integer || { total_ms: 0 }).total_ms);
  const bar = (which, title) => report.time[which] && el("div", { style: "margin:10px 0 14px" }, el("h3", {}, title + " ", num(`/time/${which}/total_ms`, "ms")),
    el("div", { style: `width:${(100 * report.time[which].total_ms / most).toFixed(1)}%` },
       stackedBar(report.time[which].steps.map((step, index) => ({ share: step.share, color: colorOf(step.type),
         lines: `${step.op}\n${shown(`/time/${which}/steps/${index}/ms`, "fixed3")} ms, ${shown(`/time/${which}/steps/${index}/share`, "percent")}\n${step.kernel}` })))));
  return card("time", "Where the time goes", `One batch of ${report.time.batch_size} images, median of ${report.time.runs} runs for each step, on ${report.time.threads} threads of ${report.time.cpu}.`,
              legend(...types.map((type) => [colorOf(type), type])), bar("float", "Float"), bar("integer", "Integers"));
}

function confusion() {
  if (!report.result || report.run.classes > 40) return null;
  const counts = report.result.confusion;
  const most = Math.max(1, ...counts.flatMap((row, label) => row.filter((count, other) => other !== label)));
  const full = Math.max(1, ...counts.flatMap((row, label) => row[label]));
  const head = el("tr", {}, el("th", {}), counts.map((row, label) => el("th", {}, String(label))));
  const rows = counts.map((row, label) => el("tr", {}, el("th", {}, String(label)), row.map((count, other) => {
    const color = label === other ? `rgba(var(--heat),${(0.08 + 0.3 * count / full).toFixed(3)})` : count ? `rgba(var(--miss),${(0.15 + 0.75 * count / most).toFixed(3)})` : "var(--faint)";
    return withTip(el("td", { style: "background:" + color, class: count ? "" : "dim" }, num(`/result/confusion/${label}/${other}`, "count")), `${count} images of ${label} taken for ${other}`);
  })));
  return card("confusion", "Confusion", "Rows: what an image shows. Columns: what the network says.", el("div", { class: "scroll" }, el("table", { class: "matrix" }, head, rows)));
}

function disagreements() {
  if (!report.comparison) return null;
  const paired = el("table", { style: "width:auto;margin-bottom:14px" },
    el("tr", {}, el("th"), el("th", {}, "this run right"), el("th", {}, "wrong")),
    el("tr", {}, el("td", {}, report.comparison.a + " right"), el("td", {}, num("/comparison/both_right", "count")), el("td", {}, num("/comparison/only_a_right", "count"))),
    el("tr", {}, el("td", {}, "wrong"), el("td", {}, num("/comparison/only_b_right", "count")), el("td", {}, num("/comparison/both_wrong", "count"))));
  const pictures = report.comparison.disagreements.map((one, index) => one.picture && el("figure", {},
    el("img", { src: one.picture, alt: "test image " + one.image, loading: "lazy" }),
    el("figcaption", {}, "is ", el("b", {}, num(`/comparison/disagreements/${index}/label`, "text")), el("br"),
       el("span", { class: one.a === one.label ? "right" : "wrong" }, "A says ", num(`/comparison/disagreements/${index}/a`, "text")), el("br"),
       el("span", { class: one.b === one.label ? "right" : "wrong" }, "B says ", num(`/comparison/disagreements/${index}/b`, "text")))));
  return card("compare", "Images on which they differ", `A: ${report.comparison.a}. B: this run. A difference that chance would rarely make has a small p.`, el("div", { class: "scroll" }, paired),
              el("div", { class: "pictures" }, pictures.filter(Boolean)));
}

function certificate() {
  if (!report.certificate) return null;
  const rows = report.certificate.clients.map((client, index) => {
    const base = `/certificate/clients/${index}/`;
    const isGood = client.integers_differing === 0 && client.label_flips === 0;
    return el("tr", { class: isGood ? "good-row" : "bad-row" }, el("td", {}, `${client.client} ${client.version}`), el("td", {}, client.optimizations ? "on" : "off"),
              ["integers_compared", "integers_differing", "largest_step", "label_flips"].map((key) => el("td", {}, num(base + key, "count"))), el("td", {}, num(base + "top1", "percent")));
  });
  const heads = ["runtime", "optimizations", "integers compared", "differing", "largest step", "label flips", "top-1"];
  return card("certificate", "Certificate", `What other runtimes compute from ${report.certificate.model}, on ${report.certificate.cpu}.`,
              el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, heads.map((head) => el("th", {}, head)))), el("tbody", {}, rows))),
              el("dl", {}, el("dt", {}, "model SHA-256"), el("dd", {}, report.certificate.model_sha256)));
}

function settings() {
  const entries = [...Object.entries(report.run.config), ...Object.entries(report.run.quantization || {})];
  return el("details", { class: "card", id: "settings" }, el("summary", {}, "Settings"),
            el("dl", {}, entries.flatMap(([key, value]) => [el("dt", {}, key), el("dd", {}, Array.isArray(value) ? value.join(", ") : String(value))])));
}
