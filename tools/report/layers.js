// The table of layers: one row each, sorted by any column, opened to its histograms.

const shortName = (op) => (op.match(/'(.*)'/) || [null, op])[1].replace(/\.tmp_\d+$/, "");

function tensorPointer(name) {
  const index = report.analysis.tensors.findIndex((tensor) => tensor.name === name);
  return index < 0 ? null : "/analysis/tensors/" + index;
}

/// A layer with pointers to its numbers.
function layerRow(layer, index) {
  const pointer = "/analysis/layers/" + index;
  const weight = layer.weight ? tensorPointer(layer.weight) : null;
  const input = layer.inputs.length > 0 ? tensorPointer(layer.inputs[0]) : null;
  return { layer, index, pointer, weight, input, inputs: layer.inputs.map(tensorPointer).filter((one) => one !== null) };
}

const field = (pointer, name) => (pointer === null ? undefined : at(pointer + "/" + name));
const cell = (pointer, name, format) => (pointer === null ? "\u2013" : num(pointer + "/" + name, format));

/// SQNR as a bar from 0 to 60 dB and a number.
function decibelCell(pointer, name) {
  const value = field(pointer, name);
  if (value === undefined || value === null) return el("span", { class: "dim" }, value === null ? "exact" : "\u2013");
  const share = Math.max(0, Math.min(1, value / 60));
  const color = value < 10 ? "var(--bad)" : value < 20 ? "var(--int)" : "var(--good)";
  return [el("span", { class: "meter" }, el("i", { style: `width:${(share * 100).toFixed(0)}%;background:${color}` })), num(pointer + "/" + name, "fixed1")];
}

function clipCell(pointer) {
  const value = field(pointer, "clip_share");
  return el("span", { class: value > 0.001 ? "wrong" : value ? "" : "dim" }, cell(pointer, "clip_share", "percent"));
}

const columns = [
  { title: "layer", key: (row) => row.index, cell: (row) => [el("span", { class: "name" }, shortName(row.layer.op)), el("span", { class: "kind" }, row.layer.type)] },
  { title: "weight", key: (row) => row.layer.weight_shape.reduce((a, b) => a * b, 1), cell: (row) => (row.weight ? num(row.pointer + "/weight_shape", "dims") : "\u2013") },
  { title: "bits", key: (row) => field(row.weight, "bits"), cell: (row) => [cell(row.weight, "bits", "text"), " / ", cell(row.input, "bits", "text")], tip: "of the weight / of the input" },
  { title: "weights", cell: (row) => (row.weight ? sparkline(at(row.weight), "var(--float)") : "") },
  { title: "input", cell: (row) => (field(row.input, "histogram") ? sparkline(at(row.input), "var(--int)") : "") },
  { title: "clipped", key: (row) => field(row.input, "clip_share"), cell: (row) => clipCell(row.input), tip: "share of the input's values beyond its codes" },
  { title: "weight dB", key: (row) => field(row.weight, "sqnr_db"), cell: (row) => decibelCell(row.weight, "sqnr_db"), tip: "SQNR of the weight against its codes" },
  { title: "input dB", key: (row) => field(row.input, "sqnr_db"), cell: (row) => decibelCell(row.input, "sqnr_db"), tip: "SQNR of the input against its codes" },
  { title: "output dB", key: (row) => row.layer.sqnr_db, cell: (row) => decibelCell(row.pointer, "sqnr_db"), tip: "SQNR of the output against the same network in float: all layers so far" },
  { title: "float ms", key: (row) => row.layer.float_ms, cell: (row) => cell(row.pointer, "float_ms", "fixed3") },
  { title: "int8 ms", key: (row) => row.layer.integer_ms, cell: (row) => cell(row.pointer, "integer_ms", "fixed3") },
  { title: "time", key: (row) => row.layer.integer_share, cell: (row) => cell(row.pointer, "integer_share", "percent"), tip: "share of the integer program's time" },
];

function tensorDetail(pointer, title, color) {
  const tensor = at(pointer);
  const facts = [`${tensor.bits} bits`, `codes ${tensor.low}..${tensor.high}`, `zero point ${tensor.zero_point}`];
  return el("div", {}, el("h3", {}, title + " ", el("span", { class: "name" }, tensor.name)),
            el("p", { class: "note" }, facts.join(", ") + ", ",
               tensor.steps === 1 ? ["step ", num(pointer + "/step_max", "precise")]
                                  : [num(pointer + "/steps", "count"), " steps of ", num(pointer + "/step_min", "precise"), " to ", num(pointer + "/step_max", "precise")],
               tensor.histogram ? [". ", num(pointer + "/count", "count"), " values from ", num(pointer + "/min", "precise"), " to ", num(pointer + "/max", "precise"), ", on ",
                                   num(pointer + "/codes_used", "count"), " of the codes; ", num(pointer + "/clip_share", "percent"), " clipped."] : "."),
            tensor.histogram ? histogram(tensor, color) : null);
}

function detailRow(row) {
  const parts = row.weight ? [tensorDetail(row.weight, "Weights", "var(--float)")] : [];
  row.inputs.forEach((input) => parts.push(tensorDetail(input, "Input", "var(--int)")));
  return el("tr", { class: "detail" }, el("td", { colspan: columns.length }, el("div", { class: "two" }, parts)));
}

function fillRows(body, rows) {
  body.replaceChildren(...rows.map((row) => {
    const line = el("tr", { class: "layer", tabindex: 0, "aria-expanded": "false" }, columns.map((column) => el("td", {}, column.cell(row))));
    const toggle = () => {
      const isOpen = line.classList.toggle("open");
      line.setAttribute("aria-expanded", String(isOpen));
      isOpen ? line.after(detailRow(row)) : line.nextSibling.remove();
    };
    line.addEventListener("click", toggle);
    line.addEventListener("keydown", (event) => event.key === "Enter" && toggle());
    return line;
  }));
}

/// Values that are missing come last, whichever way.
function sorted(rows, key, sign) {
  const rank = (value) => value === undefined || value === null;
  return [...rows].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return rank(x) || rank(y) ? rank(x) - rank(y) || a.index - b.index : sign * (x - y) || a.index - b.index;
  });
}

function layerTable() {
  const rows = report.analysis.layers.map(layerRow);
  const body = el("tbody");
  const heads = columns.map((column) => {
    const head = el("th", { title: column.tip, scope: "col" }, column.title);
    if (column.key) {
      head.classList.add("sortable");
      head.addEventListener("click", () => {
        const direction = head.getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", direction);
        fillRows(body, sorted(rows, column.key, direction === "ascending" ? 1 : -1));
      });
    }
    return head;
  });
  fillRows(body, rows);
  return el("div", { class: "scroll" }, el("table", { id: "layer-table" }, el("thead", {}, el("tr", {}, heads)), body));
}
