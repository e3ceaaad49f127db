"use strict";
// Everything on the page is built from the JSON by these few functions. Texts become text nodes, never markup.
const report = JSON.parse(document.getElementById("report").textContent);

function el(tag, attributes = {}, ...children) {
  const isSvg = tag.startsWith("svg:");
  const node = isSvg ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const s = (tag, attributes, ...children) => el("svg:" + tag, attributes, ...children);

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");

const formats = {
  percent: (value) => (value * 100).toFixed(2) + " %",
  count: (value) => grouped(String(value)),
  fixed1: (value) => value.toFixed(1),
  fixed2: (value) => value.toFixed(2),
  fixed3: (value) => value.toFixed(3),
  ratio: (value) => value.toFixed(2) + "\u00d7",
  decibels: (value) => value.toFixed(1) + " dB",
  ms: (value) => value.toFixed(2) + " ms",
  precise: (value) => value.toPrecision(3),
  text: (value) => String(value),
  dims: (value) => "[" + value.map((size) => (size < 0 ? "N" : size)).join(",") + "]",
};

/// The value at "/result/top1".
function at(pointer) {
  return pointer.split("/").slice(1).reduce((value, key) => (value === null || value === undefined ? undefined : value[key]), report);
}

/// Text of the value there; `none` when there is no value.
function shown(pointer, format, none = "\u2013") {
  const value = at(pointer);
  return value === null || value === undefined ? none : formats[format](value);
}

/// The same as an element that says where its number is from; a test compares all of them.
function num(pointer, format, none) {
  return el("span", { "data-from": pointer, "data-format": format }, shown(pointer, format, none));
}

const tip = document.getElementById("tip");

/// Shows lines of text beside the pointer while it is on the node.
function withTip(node, lines) {
  const show = (event) => {
    tip.textContent = typeof lines === "function" ? lines(event) : lines;
    tip.classList.add("on");
    const box = tip.getBoundingClientRect();
    const x = event.clientX + 14 + box.width > innerWidth ? event.clientX - box.width - 14 : event.clientX + 14;
    tip.style.left = Math.max(4, x) + "px";
    tip.style.top = Math.max(4, event.clientY - box.height - 10) + "px";
  };
  node.addEventListener("pointermove", show);
  node.addEventListener("pointerleave", () => tip.classList.remove("on"));
  return node;
}

function card(id, title, note, ...content) {
  return el("section", { class: "card", id }, el("h2", {}, title), note ? el("p", { class: "note" }, note) : null, ...content);
}

function tile(label, value, more, kind = "") {
  return el("div", { class: "tile " + kind }, el("div", { class: "label" }, label), el("div", { class: "value" }, value),
            el("div", { class: "more" }, more));
}

function legend(...entries) {
  return el("div", { class: "legend" }, entries.map(([color, label]) => el("span", {}, el("i", { style: "background:" + color }), label)));
}
