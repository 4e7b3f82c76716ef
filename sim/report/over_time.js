// SPDX-License-Identifier: Apache-2.0
// What happened when: the charts with a time axis. report.js holds the data and the words.

const RUN_COLOURS = ["var(--accent)", "var(--remote)", "var(--agent)", "var(--site)"];

const tierColour = (tier) => `var(--${run.tiers[tier]})`;
const tierTotals = () => run.by_tier.map(sum);
// The joiner keeps a line from being broken behind the dots.
const nodeName = (id) => `node …\u2060${id.slice(-8).padStart(8, "0")}`;

// Behind the time axis: a band while the source failed, a mark at the top where something else did.
function faultBands(box) {
  const until = (end) => (end === null ? "the end" : seconds(end));
  const shown = inc.filter((i) => i.begin <= shownMs(run));
  for (const {what, begin, end} of shown.filter((i) => i.segment === null)) {
    const x = box.x(begin);
    const band = draw(box.svg, "rect", {
      class: "fault",
      x,
      y: box.top,
      width: Math.max(1.5, box.x(end ?? run.end_ms) - x),
      height: box.bottom - box.top,
    });
    draw(band, "title", {}, `${what}: ${seconds(begin)} to ${until(end)}`);
  }
  const begun = new Map();
  for (const {what, begin, segment} of shown) {
    if (segment !== null) begun.set(begin, [...(begun.get(begin) || []), what]);
  }
  for (const [begin, words] of begun) {
    const x = box.x(begin);
    const mark = draw(box.svg, "path", {
      d: `M${x - 4} ${box.top - 8}l4 7l4 -7z`,
      fill: "var(--bad)",
    });
    draw(mark, "title", {}, `${tally(words)} at ${seconds(begin)}`);
  }
}

function faultLegend() {
  return [
    ...(inc.some((i) => i.segment === null) ? [["source failing", "var(--fault)"]] : []),
    ...(inc.some((i) => i.segment !== null) ? [["a fault began", "var(--bad)", "mark"]] : []),
  ];
}

// --- how the rollout went ---

// Share complete at the end of each slice, as points.
function curveOf(each, box) {
  let done = 0;
  const points = [[box.x(0), box.y(0)]];
  each.complete.forEach((more, i) => {
    done += more;
    points.push([
      box.x(Math.min((i + 1) * each.width_ms, each.end_ms)),
      box.y(done / living(each)),
    ]);
  });
  return points;
}

// The same for the bytes that all nodes together have stored.
function bytesCurve(each, box) {
  const whole = each.bytes * living(each);
  let have = 0;
  return [
    [box.x(0), box.y(0)],
    ...each.complete.map((_, i) => {
      have += sum(each.by_tier.map((column) => column[i]));
      return [
        box.x(Math.min((i + 1) * each.width_ms, each.end_ms)),
        box.y(Math.min(1, have / whole)),
      ];
    }),
  ];
}

function boundLine(box, ms, text, row) {
  const x = box.x(ms);
  const isLeft = x - box.left > (box.right - box.left) / 2; // of the line, where there is room
  draw(box.svg, "line", {
    x1: x,
    x2: x,
    y1: box.top,
    y2: box.bottom,
    stroke: "var(--soft)",
    "stroke-width": 1.5,
    "stroke-dasharray": "5 4",
  });
  const at = {x: isLeft ? x - 6 : x + 6, y: box.bottom - 8 - row * 16};
  draw(box.svg, "text", {...at, "text-anchor": isLeft ? "end" : "start"}, text);
}

function completion() {
  const end = Math.max(...runs.map(shownMs));
  const box = frame(
    "Share of nodes that have the release, over time",
    300,
    end,
    1,
    (v) => `${Math.round(v * 100)} %`,
    {rows: 4},
  );
  faultBands(box);
  const limits = [
    ["lower bound", run.bound_ms],
    ["one relay a segment", run.relay_ms],
    ["no peers", run.direct_ms],
  ].filter(([, ms]) => ms);
  limits
    .filter(([, ms]) => ms <= end)
    .forEach(([text, ms], i) => boundLine(box, ms, `${text} ${seconds(ms)}`, i));
  draw(box.svg, "path", {
    d: through(bytesCurve(run, box)),
    fill: "none",
    stroke: "var(--soft)",
    "stroke-width": 1.5,
  });
  runs.forEach((each, i) =>
    draw(box.svg, "path", {
      d: through(curveOf(each, box)),
      fill: "none",
      stroke: RUN_COLOURS[i % 4],
      "stroke-width": 2.5,
      "stroke-linejoin": "round",
      "stroke-dasharray": i ? "7 4" : "none",
    }),
  );
  hover(box.svg, (event) => {
    const ms = ((place(box.svg, event)[0] - box.left) / (box.right - box.left)) * end;
    if (ms < 0 || ms > end) return null;
    const at = (each) => sum(each.complete.slice(0, Math.floor(ms / each.width_ms) + 1));
    return [
      seconds(ms),
      ...runs.map((each) => `${each.name}: ${percent(at(each), living(each))} complete`),
    ].join("\n");
  });
  const entries = runs.map((each, i) => [
    runs.length > 1 ? each.name : "nodes that have the release",
    RUN_COLOURS[i % 4],
    i > 0 ? "dash" : "line",
  ]);
  const all = runs.length > 1 ? `all bytes, ${run.name}` : "share of all bytes";
  entries.push([all, "var(--soft)", "line"], ...faultLegend());
  return section(
    "How did the rollout go?",
    "Each node counts from the moment it has activated the release. A steep step at the end " +
      "means that the last byte reached all of them together, which is as it should be.",
    legend(entries),
    box.svg,
    asTable(
      "Nodes that have the release, over time",
      [
        ["time", 1],
        ["complete", 1],
      ],
      completionRows(),
    ),
  );
}

function completionRows() {
  let done = 0;
  const rows = [];
  run.complete.forEach((more, i) => {
    done += more;
    if (more) rows.push([seconds(Math.min((i + 1) * run.width_ms, run.end_ms)), count(done)]);
  });
  return rows;
}

// Horizontal bars: [[name, value, text, colour]].
function bars(title, entries) {
  const top = Math.max(...entries.map(([, value]) => value)) || 1;
  const wide = WIDTH < 852 ? WIDTH : 520; // one below the other, or side by side
  const svg = draw(null, "svg", {viewBox: `0 0 ${wide} ${entries.length * 34}`, role: "img"});
  draw(svg, "title", {}, title);
  entries.forEach(([name, value, text, colour], i) => {
    const y = i * 34;
    draw(svg, "text", {x: 0, y: y + 12, class: i === 0 ? "strong" : ""}, name);
    draw(
      svg,
      "text",
      {x: wide, y: y + 12, "text-anchor": "end", class: i === 0 ? "strong" : ""},
      text,
    );
    draw(svg, "rect", {x: 0, y: y + 18, width: wide, height: 9, rx: 2, fill: "var(--grid)"});
    draw(svg, "rect", {
      x: 0,
      y: y + 18,
      width: Math.max(2, (value / top) * wide),
      height: 9,
      rx: 2,
      fill: colour,
    });
  });
  return svg;
}

function compared() {
  if (!run.direct_ms) return null;
  const perSegment = run.nodes / run.sites;
  const without = inc.length ? ". This run had its faults; the other ways are without any." : ".";
  const times = [
    ["Weft, this run", figures.makespan_ns / 1e6, "var(--accent)"],
    ["lower bound of any system", run.bound_ms, "var(--good)"],
    ["one relay a segment, at best", run.relay_ms, "var(--server)"],
    ["every node from the source, at best", run.direct_ms, "var(--source)"],
  ];
  const costs = [
    ["Weft, this run", figures.wan_copies_mean_ppm / 1e6, "var(--accent)"],
    ["one relay a segment", 1, "var(--server)"],
    ["every node from the source", perSegment, "var(--source)"],
  ];
  return make(
    "div",
    {class: "two"},
    section(
      "How fast, compared with other ways?",
      `Time until the last node has the release, on the same lines${without}`,
      bars(
        "Time compared with other ways",
        times.map(([name, ms, colour]) => [name, ms, seconds(ms || null), colour]),
      ),
    ),
    section(
      "How cheap, compared with other ways?",
      `Copies of the release that a segment's WAN line carries${without}`,
      bars(
        "WAN copies compared with other ways",
        costs.map(([name, n, colour]) => [name, n, `${digits(n)} ×`, colour]),
      ),
    ),
  );
}

// --- where bytes came from ---

function sourceEgress() {
  const perSecond = 1000 / run.width_ms;
  const order = run.tiers
    .map((_, t) => t)
    .reverse()
    .filter((t) => sum(run.by_tier[t]) > 0);
  const heading = "Where did the bytes come from, and what did the source send?";
  if (!order.length) return section(heading, "No node received anything.");
  const rates = order.map((t) => run.by_tier[t].map((value) => value * perSecond));
  const source = order[0] === run.tiers.length - 1 ? rates[0] : run.complete.map(() => 0);
  const totals = run.complete.map((_, i) => sum(rates.map((rate) => rate[i])));
  const end = shownMs(run);
  const all = frame("Bytes received a second, by where from", 230, end, Math.max(...totals), bits);
  faultBands(all);
  stack(
    all,
    order.map((t, i) => ({values: rates[i], colour: tierColour(t)})),
    run.width_ms,
    end,
  );
  const own = frame("Bytes a second out of the source", 150, end, Math.max(...source), bits, {
    rows: 3,
  });
  faultBands(own);
  stack(own, [{values: source, colour: "var(--source)"}], run.width_ms, end);
  const grand = sum(tierTotals()) || 1;
  const shares = order.map((t) => [
    `${TIER_TEXT[run.tiers[t]]} ` + `${share(sum(run.by_tier[t]), grand)}`,
    tierColour(t),
  ]);
  return section(
    heading,
    "Above, all bytes that nodes received and stored; below, the part that left the source. The " +
      "source should be busy at its own pace, and everything else should be much more than that.",
    legend(shares),
    all.svg,
    make("p", {class: "soft"}, "Out of the source:"),
    own.svg,
    asTable(
      "Bytes received, by where from",
      [["from"], ["bytes", 1], ["share", 1]],
      order.map((t) => [
        run.tiers[t],
        bytes(sum(run.by_tier[t])),
        share(sum(run.by_tier[t]), grand),
      ]),
    ),
  );
}

// --- segments over time ---

const LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function cellColour(s, i, mode) {
  if (mode === "why") {
    const reason = LEVELS.indexOf(s.why[i]);
    if (reason < 0) return [0, 0, 0, 0];
    const hex = (REASON[run.reasons[reason]] || ["", "#888888"])[1];
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).concat(255);
  }
  const level = LEVELS.indexOf(s.fill[i]);
  return level === 63 ? [15, 110, 88, 255] : [47, 127, 209, level * 4];
}

const slicesShown = () => Math.min(run.complete.length, Math.ceil(shownMs(run) / run.width_ms));

function heatPicture(rows, mode) {
  const canvas = make("canvas", {width: slicesShown(), height: rows.length});
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  rows.forEach((s, row) => {
    for (let i = 0; i < canvas.width; i++) {
      image.data.set(cellColour(s, i, mode), (row * canvas.width + i) * 4);
    }
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

function heatMap(mode) {
  const rows = slowestFirst;
  const height = Math.round(Math.min(Math.max(rows.length * 14, 60), 420));
  const span = slicesShown() * run.width_ms;
  const box = frame("How full each segment was, over time", height + 38, span, 0, null, {
    left: NAMES,
  });
  draw(box.svg, "rect", {
    x: box.left,
    y: box.top,
    width: box.right - box.left,
    height,
    fill: "var(--grid)",
  });
  draw(box.svg, "image", {
    class: "cells",
    href: heatPicture(rows, mode),
    x: box.left,
    y: box.top,
    width: box.right - box.left,
    height,
    preserveAspectRatio: "none",
  });
  const each = Math.ceil(rows.length / (height / 14));
  for (let i = 0; i < rows.length; i += each) {
    draw(
      box.svg,
      "text",
      {x: box.left - 8, "text-anchor": "end", y: box.top + ((i + 0.5) * height) / rows.length + 4},
      rows[i].name,
    );
  }
  hover(box.svg, (event) => {
    const [x, y] = place(box.svg, event);
    const i = Math.floor(((x - box.left) / (box.right - box.left)) * slicesShown());
    const s = rows[Math.floor(((y - box.top) / height) * rows.length)];
    if (!s || i < 0 || i >= slicesShown()) return null;
    const reason = run.reasons[LEVELS.indexOf(s.why[i])];
    return (
      `${s.name} at ${seconds(i * run.width_ms)}: ` +
      `${Math.round((LEVELS.indexOf(s.fill[i]) / 63) * 100)} % of its bytes` +
      (reason ? `\nmostly ${reason}: ${(REASON[reason] || [""])[0]}` : "")
    );
  });
  return box.svg;
}

function heat() {
  const used = run.reasons.filter((_, r) => segments.some((s) => s.why.includes(LEVELS[r])));
  const legends = {
    fill: legend([
      ["nothing yet", "var(--grid)"],
      ["half of the bytes", "#2f7fd180"],
      ["nearly all", "#2f7fd1"],
      ["done: every node has it", "#0f6e58"],
    ]),
    why: legend(used.map((word) => [word, (REASON[word] || ["", "#888888"])[1]])),
  };
  const holder = make("div", {});
  const buttons = [
    ["fill", "How full"],
    ["why", "Waiting for what"],
  ].map(([mode, text]) =>
    make(
      "button",
      {class: "plain", type: "button", "aria-pressed": mode === "fill", click: () => show(mode)},
      text,
    ),
  );
  function show(mode) {
    buttons.forEach((button, i) =>
      button.setAttribute("aria-pressed", String(i === (mode === "why" ? 1 : 0))),
    );
    holder.replaceChildren(legends[mode], heatMap(mode));
  }
  show("fill");
  return section(
    "Which segments are slow, and when?",
    "A row is a segment, the slowest first; time goes to the right.",
    make("p", {class: "screen"}, buttons[0], " ", buttons[1]),
    holder,
  );
}

// --- control messages ---

function control() {
  const perNode = run.control.map((value) => (value * 1000) / run.width_ms / run.nodes);
  const end = shownMs(run);
  const box = frame(
    "Control bytes a second that a node sent, on average",
    150,
    end,
    Math.max(...perNode),
    (v) => scaled(v, ["B/s", "kB/s", "MB/s"], 1000),
    {rows: 3},
  );
  faultBands(box);
  stack(box, [{values: perNode, colour: "var(--site)"}], run.width_ms, end);
  const mean = figures.control_bytes_mean;
  return section(
    "What did talking about it cost?",
    "Control messages a node sent on average" +
      (mean === undefined
        ? "."
        : `: ${bytes(mean)} in all` +
          (figures.control_bytes_max ? `, ${bytes(figures.control_bytes_max)} at most.` : ".")) +
      (figures.idle_bytes_per_s_mean
        ? ` Before the release it was ${bytes(figures.idle_bytes_per_s_mean)} a second.`
        : ""),
    box.svg,
  );
}
