// Puts the parts together.

function toggleTheme() {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
}

function main() {
  document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.getElementById("theme").addEventListener("click", toggleTheme);
  document.title = `${report.run.model}: Intact report`;
  const parts = [hero, tiles, curves, precision, layers, timeSection, confusion, disagreements, certificate, settings].map((part) => part()).filter(Boolean);
  document.getElementById("main").replaceChildren(...parts);
  const titles = { curves: "Training", precision: "Precision", layers: "Layers", time: "Time", confusion: "Confusion", compare: "Differences", certificate: "Certificate" };
  document.getElementById("nav").append(...parts.filter((part) => titles[part.id]).map((part) => el("a", { href: "#" + part.id }, titles[part.id])));
  const json = new Blob([JSON.stringify(report, null, 2)], { type: "application/json" });
  document.getElementById("footer").append("Every number here is in the ", el("a", { href: URL.createObjectURL(json), download: "report.json", style: "color:inherit" }, "JSON"),
                                           ` this page carries. Made by intact report ${report.version}; nothing is loaded from elsewhere.`);
}

main();
