// Charts. Each draws the table beside it: names in the first column, figures in the cells with data-value. uPlot paints on a canvas, so
// colours are asked of the style sheet whenever the theme may be another, and arrow keys read out what is painted.
"use strict";

const HEIGHT = 220;
const drawn = new WeakMap();
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function tableOf(figure) {
  const rows = $$("tbody tr", figure), heads = $$("thead th", figure);
  const columns = heads.map((head, place) => ({ head, place })).filter(({ head }) => head.dataset.unit !== undefined);
  return {
    names: rows.map((row) => row.cells[0].dataset.label || row.cells[0].textContent.trim()),
    told: rows.map((row) => row.cells[0].textContent.trim()),
    series: columns.map(({ head, place }) => ({
      name: head.textContent.trim(), unit: head.dataset.unit,
      values: rows.map((row) => Number(row.cells[place].dataset.value)), told: rows.map((row) => row.cells[place].textContent.trim()),
    })),
  };
}

// A variable may hold light-dark(…): only a colour that is computed is one that a canvas takes.
function colour(figure, name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  figure.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function written(value, unit) {
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value);
  if (!unit) return number;
  return language.startsWith("pt") || /^[A-Z]{3}$/.test(unit) ? `${unit} ${number}` : `${unit}${number}`;
}

function axes(figure, table) {
  const ink = colour(figure, "--soft"), line = colour(figure, "--line"), font = `12px ${getComputedStyle(figure).fontFamily}`;
  const look = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const long = Math.max(...table.names.map((name) => name.length), 1) * 7 + 16;
  const below = { ...look, grid: { show: false }, space: long, incrs: [1, 2, 5, 7, 14, 28, 60, 120], values: (_, at) => at.map((place) => table.names[place] ?? "") };
  const beside = { ...look, size: (_, labels) => Math.max(...(labels ?? []).map((label) => label.length), 3) * 7 + 18, values: (_, at) => at.map((value) => written(value, table.series[0].unit)) };
  return [below, beside];
}

function lines(figure, table) {
  const bars = figure.dataset.chart === "bars" && table.series.length === 1;
  return table.series.map(({ name }, place) => {
    const ink = colour(figure, `--plot-${(place % 5) + 1}`);
    return { label: name, stroke: ink, width: bars ? 0 : 2, points: { show: !bars }, fill: bars ? ink : undefined, paths: bars ? uPlot.paths.bars({ size: [0.7, 40] }) : undefined };
  });
}

function read(figure, table, place) {
  const out = $(".readout", figure);
  if (place == null || !table.told[place]) return;
  out.textContent = `${table.told[place]}: ${table.series.map((one) => (table.series.length > 1 ? `${one.name} ${one.told[place]}` : one.told[place])).join(" · ")}`;
}

function draw(figure) {
  const place = $(".plot", figure), table = tableOf(figure);
  drawn.get(figure)?.plot.destroy();
  place.replaceChildren();
  place.hidden = !table.series.length || !table.names.length;
  if (place.hidden || typeof uPlot === "undefined") return;
  const most = table.names.length;
  const plot = new uPlot({
    width: place.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: false, range: () => [-0.6, most - 0.4] }, y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
    axes: axes(figure, table), series: [{}, ...lines(figure, table)], hooks: { setCursor: [(it) => read(figure, table, it.cursor.idx)] },
  }, [table.names.map((_, at) => at), ...table.series.map((one) => one.values)], place);
  drawn.set(figure, { plot, table, at: -1, width: place.clientWidth });
  sizes.observe(place);
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const kept = drawn.get(target.closest("figure"));
    if (kept && target.clientWidth && kept.width !== target.clientWidth) {
      kept.width = target.clientWidth;
      kept.plot.setSize({ width: kept.width, height: HEIGHT });
    }
  }
});

const drawAll = () => $$("figure[data-chart]").forEach(draw);

document.addEventListener("keydown", (event) => {
  const figure = event.target.closest?.("figure[data-chart]"), kept = figure && drawn.get(figure);
  if (!kept || !event.target.matches(".plot")) return;
  const last = kept.table.names.length - 1;
  const to = { ArrowRight: kept.at + 1, ArrowLeft: kept.at - 1, Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  kept.at = Math.max(0, Math.min(last, to));
  kept.plot.setCursor({ left: kept.plot.valToPos(kept.at, "x"), top: 0 });
  read(figure, kept.table, kept.at);
});
prefersDark.addEventListener("change", drawAll);
document.addEventListener("htmx:after:swap", drawAll);
drawAll();
