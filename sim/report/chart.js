// SPDX-License-Identifier: Apache-2.0
// How things are drawn: elements, numbers for people, axes, and the few kinds of chart that the
// report needs. Knows nothing of Weft.
"use strict";

// Width of a chart, in its own units: that of the page, so that its text is as large as others.
const WIDTH = Math.max(320, Math.min(1060, document.documentElement.clientWidth - 82));
const NAMES = WIDTH < 600 ? 96 : 128; // room for names of segments beside a chart
const SVG = "http://www.w3.org/2000/svg";

// An element of HTML: make("p", {class: "soft"}, "text", otherElement).
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  const nothing = [null, undefined, false];
  element.append(...children.filter((child) => !nothing.includes(child)));
  return element;
}

// An element of SVG, appended to |parent|.
function draw(parent, tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

// --- numbers for people; their units stay on the same line ---

const SPACE = "\u00a0";

function digits(value) {
  const places = value === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(places);
}

function seconds(ms) {
  if (ms === null || ms === undefined) return "not yet";
  const s = ms / 1000;
  if (s < 100) return `${digits(s)}${SPACE}s`;
  const whole = Math.round(s);
  const two = (n) => String(n).padStart(2, "0");
  const parts =
    whole < 3600
      ? [Math.floor(whole / 60), "min", two(whole % 60), "s"]
      : [Math.floor(whole / 3600), "h", two(Math.floor((whole % 3600) / 60)), "min"];
  return parts.join(SPACE);
}

function scaled(value, units, step) {
  let unit = 0;
  while (value >= step && unit < units.length - 1) {
    value /= step;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : digits(value)}${SPACE}${units[unit]}`;
}

const bytes = (value) => scaled(value, ["B", "kB", "MB", "GB", "TB", "PB"], 1000);
const bits = (bytesPerSecond) =>
  scaled(bytesPerSecond * 8, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"], 1000);
// A size that somebody chose, in the units it was chosen in.
function size(value) {
  const units = ["GiB", "MiB", "KiB"];
  const at = [30, 20, 10].findIndex((power) => value > 0 && value % 2 ** power === 0);
  return at < 0 ? bytes(value) : `${count(value / 2 ** (30 - at * 10))}${SPACE}${units[at]}`;
}
const count = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
const several = (value, word) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;
// How much of it is there: never 100 % before it is.
const percent = (part, whole) =>
  `${whole === 0 ? 100 : (Math.floor((part / whole) * 1000) / 10).toFixed(1)}${SPACE}%`;
// How the whole is divided: shares add up, and a small one is not nothing.
const share = (part, whole) =>
  part > 0 && part / whole < 0.0005
    ? `<${SPACE}0.1${SPACE}%`
    : `${((part / (whole || 1)) * 100).toFixed(1)}${SPACE}%`;

// --- axes ---

// Round steps that cut [0, top] into about |wanted| parts; |base| 60 for times beyond a minute.
function ticks(top, wanted, base) {
  const times = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
    10800, 21600, 43200, 86400,
  ];
  let step = Math.pow(10, Math.floor(Math.log10(top / wanted || 1)));
  if (base === 60) {
    step = times.find((t) => top / t <= wanted) || 86400;
  } else {
    step *= [1, 2, 5, 10].find((m) => top / (step * m) <= wanted) || 10;
  }
  const marks = [];
  for (let i = 0; i * step <= top * 1.0001; i++) marks.push(i * step);
  return marks;
}

function clock(s) {
  if (s === 0) return "0";
  if (s < 60) return `${Number(s.toFixed(2))} s`;
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
  return s % 3600
    ? `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
    : `${s / 3600} h`;
}

// A frame for a chart over time: {svg, x(ms), y(value), left, right, top, bottom}.
function frame(title, height, endMs, topValue, label, options) {
  const {left = 66, right = 14, top = 12, below = 26, rows = 4} = options || {};
  const svg = draw(null, "svg", {viewBox: `0 0 ${WIDTH} ${height}`, role: "img"});
  draw(svg, "title", {}, title);
  const box = {svg, left, right: WIDTH - right, top, bottom: height - below};
  box.x = (ms) => left + Math.min(ms / endMs, 1) * (box.right - left);
  box.y = (value) => box.bottom - (value / (topValue || 1)) * (box.bottom - top);
  for (const s of ticks(endMs / 1000, WIDTH / 110, 60)) {
    const at = box.x(s * 1000);
    draw(svg, "line", {class: "grid", x1: at, x2: at, y1: top, y2: box.bottom});
    const anchor = at > box.right - 30 ? "end" : "middle";
    draw(svg, "text", {x: at, y: box.bottom + 17, "text-anchor": anchor}, clock(s));
  }
  for (const value of topValue ? ticks(topValue, rows) : []) {
    const at = box.y(value);
    draw(svg, "line", {class: value ? "grid" : "axis", x1: left, x2: box.right, y1: at, y2: at});
    draw(svg, "text", {x: left - 8, y: at + 4, "text-anchor": "end"}, label(value));
  }
  return box;
}

// A path through [[x, y], ...].
const through = (points) =>
  "M" + points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");

// Areas on top of each other: series [{values, colour}], a value a slice of |widthMs|.
function stack(box, series, widthMs, endMs) {
  const below = series[0].values.map(() => 0);
  for (const {values, colour} of series) {
    const upper = [];
    const lower = [];
    values.forEach((value, i) => {
      const x1 = box.x(i * widthMs);
      const x2 = box.x(Math.min((i + 1) * widthMs, endMs));
      lower.push([x1, box.y(below[i])], [x2, box.y(below[i])]);
      below[i] += value;
      upper.push([x1, box.y(below[i])], [x2, box.y(below[i])]);
    });
    draw(box.svg, "path", {d: `${through(upper.concat(lower.reverse()))}Z`, fill: colour});
  }
}

// --- what the pointer shows ---

const tip = document.getElementById("tip");

// |text(event)| says what stands under the pointer; null = nothing.
function hover(element, text) {
  element.addEventListener("pointermove", (event) => {
    const shown = text(event);
    tip.hidden = !shown;
    if (!shown) return;
    tip.textContent = shown;
    const room = window.innerWidth - tip.offsetWidth - 12;
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, room))}px`;
    tip.style.top = `${event.clientY + 16}px`;
  });
  element.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
}

// Place of the pointer in the units of |svg|.
function place(svg, event) {
  const box = svg.getBoundingClientRect();
  const view = svg.viewBox.baseVal;
  return [
    ((event.clientX - box.left) / box.width) * view.width,
    ((event.clientY - box.top) / box.height) * view.height,
  ];
}

// --- parts of a page ---

// Entries [name, colour, kind]: a square, or a "dash", a "line", a "mark" as at the top of a chart.
function legend(entries) {
  return make(
    "div",
    {class: "legend"},
    ...entries.map(([name, colour, kind]) =>
      make("span", {}, make("i", {style: `--c: ${colour}`, class: kind || ""}), name),
    ),
  );
}

// A table of |rows|, arrays of cells; columns [[heading, isNumber], ...]. The first cell of a row
// is its heading.
function table(caption, columns, rows) {
  const classOf = (i) => (columns[i][1] ? "n" : undefined);
  const head = ([name], i) => make("th", {class: classOf(i), scope: "col"}, name);
  const cell = (value, i) =>
    i === 0
      ? make("th", {class: classOf(i), scope: "row"}, value)
      : make("td", {class: classOf(i)}, value);
  return make(
    "table",
    {},
    make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...columns.map(head))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map(cell)))),
  );
}

// What cannot be seen without scrolling must be within reach of the keyboard.
const scrolling = (name, content, kind) =>
  make(
    "div",
    {class: `scroll ${kind || ""}`, tabindex: "0", role: "region", "aria-label": name},
    content,
  );

const asTable = (caption, columns, rows) =>
  make(
    "details",
    {},
    make("summary", {}, "as a table"),
    scrolling(caption, table(caption, columns, rows)),
  );

function section(title, kicker, ...children) {
  return make(
    "section",
    {},
    make("h2", {}, title),
    make("p", {class: "kicker"}, kicker),
    ...children,
  );
}
