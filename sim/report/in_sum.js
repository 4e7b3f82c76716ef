// SPDX-License-Identifier: Apache-2.0
// What it came to: the charts and tables without a time axis.

// --- several runs ---

// Several runs: how far are they from each other?
function apart() {
  if (runs.length < 2) return null;
  const rows = [
    ["half complete", "half_ns"],
    ["95 % complete", "p95_ns"],
    ["last node", "makespan_ns"],
  ].map(([name, key]) => [
    name,
    ...runs.map((each) => seconds(each.summary[key] / 1e6)),
    ...runs.slice(1).map((each) => change(each.summary[key], figures[key])),
  ]);
  rows.push([
    "WAN copies a segment",
    ...runs.map((each) => digits(each.summary.wan_copies_mean_ppm / 1e6)),
    ...runs
      .slice(1)
      .map((each) => change(each.summary.wan_copies_mean_ppm, figures.wan_copies_mean_ppm)),
  ]);
  return section(
    "How far are the runs apart?",
    `Differences are against ${run.name}.`,
    table(
      "Figures of the runs, side by side",
      [
        ["figure"],
        ...runs.map((each) => [each.name, true]),
        ...runs.slice(1).map((each) => [`${each.name}, difference`, true]),
      ],
      rows,
    ),
  );
}

function change(value, base) {
  if (!base) return "–";
  const part = (value / base - 1) * 100;
  return `${part >= 0 ? "+" : "−"}${digits(Math.abs(part))} %`;
}

// --- what it cost ---

function wanBars() {
  if (!hasLines) return null;
  // A line belongs to a site; its bytes are at the site's first segment.
  const hasSites = lineOwner === "site";
  const sorted = segments.filter((s) => !hasSites || s.wan > 0).sort((a, b) => b.wan - a.wan);
  const shown =
    sorted.length > 400
      ? sorted.filter((_, i) => i % Math.ceil(sorted.length / 400) === 0)
      : sorted;
  const top = Math.max(1.1, ...shown.map(copies));
  const svg = draw(null, "svg", {viewBox: `0 0 ${WIDTH} 190`, role: "img"});
  draw(svg, "title", {}, "Copies of the release over each segment's WAN line, most first");
  const y = (value) => 180 - (value / top) * 165;
  const step = Math.min(48, (WIDTH - 66) / shown.length);
  shown.forEach((s, i) => {
    const value = copies(s);
    const colour = value <= 1.05 ? "var(--good)" : value <= 1.5 ? "var(--remote)" : "var(--bad)";
    const bar = draw(svg, "rect", {
      x: 66 + i * step,
      y: y(value),
      width: step > 5 ? step - 2 : step + 0.4, // no stripes where there is no room for gaps
      height: 180 - y(value),
      fill: colour,
    });
    draw(bar, "title", {}, `${s.name}: ${digits(value)} copies, ${bytes(s.wan)}`);
  });
  draw(svg, "line", {
    x1: 66,
    x2: WIDTH,
    y1: y(1),
    y2: y(1),
    stroke: "var(--ink)",
    "stroke-dasharray": "5 4",
  });
  for (const n of ticks(top, 4).filter((mark) => mark === 0 || mark > 1.2)) {
    draw(svg, "line", {class: n ? "grid" : "axis", x1: 66, x2: WIDTH, y1: y(n), y2: y(n)});
    draw(svg, "text", {x: 58, y: y(n) + 4, "text-anchor": "end"}, n ? digits(n) : "0");
  }
  draw(svg, "text", {x: 58, y: y(1) + 4, "text-anchor": "end"}, "1 copy");
  return section(
    "What did it cost on the WAN?",
    `Bytes that came in over each ${lineOwner}'s line, in copies of the ` +
      "release, most first" +
      (hasSites ? " (a site has the name of its first segment)" : "") +
      ". One copy " +
      "is the least that is possible; what is above was fetched twice or repaired.",
    legend([
      ["up to 1.05", "var(--good)"],
      ["up to 1.5", "var(--remote)"],
      ["above", "var(--bad)"],
    ]),
    svg,
    asTable(
      `Copies of the release over each ${lineOwner}'s WAN line`,
      [[lineOwner], ["copies", 1], ["bytes", 1]],
      sorted.map((s) => [s.name, digits(copies(s)), bytes(s.wan)]),
    ),
  );
}

// --- who pulled from whom ---

function groupName(group) {
  const of = segments.filter((s) => Math.floor((s.index * run.groups) / segments.length) === group);
  return of.length > 1 ? `${of[0].name} … ${of[of.length - 1].name}` : of[0].name;
}

function matrix() {
  if (!sum(run.pulled.flat())) return null;
  const cell = Math.min(16, Math.min(620, WIDTH - NAMES) / (run.groups + 1));
  const left = NAMES;
  const top = 26;
  const svg = draw(null, "svg", {
    viewBox: `0 0 ${WIDTH} ${top + cell * run.groups + 6}`,
    role: "img",
  });
  draw(svg, "title", {}, "Bytes that each segment pulled from each other one and from the source");
  draw(svg, "text", {x: left, y: top - 9}, "source, then the segments in the same order →");
  const most = Math.max(1, ...run.pulled.flat());
  const each = Math.ceil(14 / cell);
  run.pulled.forEach((row, to) => {
    const values = [row[run.groups], ...row.slice(0, run.groups)];
    if (to % each === 0) {
      draw(
        svg,
        "text",
        {x: left - 8, y: top + to * cell + cell / 2 + 4, "text-anchor": "end"},
        groupName(to).split(" ")[0],
      );
    }
    values.forEach((value, column) => {
      if (!value) return;
      const strength = Math.max(0.08, 1 + Math.log10(value / most) / 5);
      const colour =
        column === 0 ? "var(--source)" : column - 1 === to ? "var(--peer)" : "var(--remote)";
      const square = draw(svg, "rect", {
        x: left + column * cell + (column ? 4 : 0),
        y: top + to * cell,
        width: cell - 0.6,
        height: cell - 0.6,
        fill: colour,
        "fill-opacity": strength.toFixed(2),
      });
      draw(
        square,
        "title",
        {},
        `${groupName(to)} pulled ${bytes(value)} from ` +
          (column === 0 ? "the source" : column - 1 === to ? "itself" : groupName(column - 1)),
      );
    });
  });
  const own = sum(run.pulled.map((row, i) => row[i]));
  const source = sum(run.pulled.map((row) => row[run.groups]));
  const all = sum(run.pulled.flat()) || 1;
  return section(
    "Who pulled from whom?",
    "A row is a segment that received, a column where from; the stronger the colour, the more " +
      "bytes (on a logarithmic scale: a fifth stronger is ten times as many). " +
      (run.groups < segments.length
        ? `${count(segments.length)} segments are shown in ${run.groups} groups.`
        : ""),
    legend([
      [`from inside the segment ${share(own, all)}`, "var(--peer)"],
      [`from other segments ${share(all - own - source, all)}`, "var(--remote)"],
      [`from the source ${share(source, all)}`, "var(--source)"],
    ]),
    svg,
  );
}

// --- why slow ---

function waitBars() {
  const shown = [
    {
      name: "all nodes",
      nodes: run.nodes,
      waits: run.reasons.map((_, r) => sum(segments.map((s) => s.waits[r]))),
    },
    ...slowestFirst.slice(0, 8),
  ];
  const top = Math.max(1, ...shown.map((s) => sum(s.waits) / s.nodes));
  const svg = draw(null, "svg", {viewBox: `0 0 ${WIDTH} ${shown.length * 24}`, role: "img"});
  draw(svg, "title", {}, "What a node of each segment waited for, on average");
  shown.forEach((s, i) => {
    let x = NAMES;
    draw(
      svg,
      "text",
      {x: NAMES - 8, y: i * 24 + 15, "text-anchor": "end", class: i ? "" : "strong"},
      s.name,
    );
    run.reasons.forEach((word, r) => {
      const ms = s.waits[r] / s.nodes;
      const width = (ms / top) * (WIDTH - NAMES - 70);
      if (width < 0.3) return;
      const part = draw(svg, "rect", {
        x,
        y: i * 24 + 3,
        width,
        height: 16,
        fill: (REASON[word] || ["", "#888888"])[1],
      });
      draw(part, "title", {}, `${s.name}: ${seconds(ms)} a node, ${(REASON[word] || [word])[0]}`);
      x += width;
    });
    draw(svg, "text", {x: x + 6, y: i * 24 + 15}, seconds(sum(s.waits) / s.nodes));
  });
  return svg;
}

const PAYLOAD = 0.957; // share of a line that is not headers

// Share of the time until |s| had nearly all bytes in which its WAN line was full; neither a slow
// segment nor a node that sleeps makes the lines of the others idle.
const busyShare = (s) => s.wan / (figures.wan_bytes_per_s * PAYLOAD * (filledMs(s) / 1000));

// Which lines were busy? That tells a rollout at its physical limit from one that waits.
function bottleneck() {
  const used = (figures.p95_ns / 1e9) * PAYLOAD; // by most nodes; the last may have slept
  const parts = [];
  if (hasLines && figures.wan_bytes_per_s) {
    const shares = segments.filter((s) => s.wan > 0).map(busyShare);
    parts.push([median(shares), "the segments' WAN lines"]);
  }
  if (figures.source_copies_ppm && figures.source_bytes_per_s) {
    parts.push([
      ((figures.source_copies_ppm / 1e6) * run.bytes) / figures.source_bytes_per_s / used,
      "the source's uplink",
    ]);
  }
  if (!parts.length || !used || !sameLines) return "";
  parts.sort((x, y) => y[0] - x[0]);
  const [share, name] = parts[0];
  const busy = parts
    .map(([part, line]) => `${line} ${Math.min(100, Math.round(part * 100))} %`)
    .join(", ");
  return share > 0.75
    ? `Busy: ${busy}. So ${name} set the pace: where a line is full, waiting for an agent is ` +
        "as it should be."
    : `Busy: ${busy}. No line was full all the time: what nodes waited for is worth a look.`;
}

// What lay between two steps of the way: the line into the segment, or the nodes inside it; and
// whether the node was there at all.
function between(hop, before) {
  const [ms, at, node] = hop;
  const then = inc.filter((i) => i.begin < ms && (i.end ?? ms) > before[0]);
  const during = (i) => `from ${seconds(i.begin)} to ${seconds(i.end ?? ms)}`;
  const ill = then.find((i) => i.node === node);
  if (ill) return `this node: ${faultText(ill.what).replace(/^node /, "")} ${during(ill)}`;
  if (before[1] === at) return `inside ${segments[at].name}`;
  const cut = then.find((i) => i.segment === at && /^wan-/.test(i.what));
  if (cut) return `over the line of ${segments[at].name}: ${faultText(cut.what)} ${during(cut)}`;
  const busy = lineBusy(segments[at]);
  return `over the line of ${segments[at].name}${busy ? `, which was ${busy} busy` : ""}`;
}

// The same in words; "" if the rate is not known.
function lineBusy(s) {
  if (!sameLines || !figures.wan_bytes_per_s || !figures.makespan_ns) return "";
  return `${Math.min(100, Math.round(busyShare(s) * 100))} %`;
}

// The way of the last chunk, with what lay between its steps.
function criticalPath() {
  if (!run.hops.length) return null;
  const items = [];
  let before = 0;
  run.hops.forEach(([ms, at, node, from], i) => {
    const gap = ms - before;
    const isLong = gap > (figures.makespan_ns / 1e6) * 0.4;
    if (i > 0) {
      items.push(
        make(
          "li",
          {class: `gap ${isLong ? "long" : ""}`},
          make("time", {}, `+ ${seconds(gap)}`),
          make("span", {}, between(run.hops[i], run.hops[i - 1])),
        ),
      );
    }
    const origin = from === "0" ? "the source" : nodeName(from);
    items.push(
      make(
        "li",
        {},
        make("time", {}, seconds(ms)),
        make(
          "span",
          {},
          `${nodeName(node)} of ${segments[at].name} had the chunk, from ${origin}` +
            (i === run.hops.length - 1 ? ": its last one" : ""),
        ),
      ),
    );
    before = ms;
  });
  const last = figures.makespan_ns / 1e6;
  items.push(
    make(
      "li",
      {},
      make("time", {}, seconds(last)),
      make("span", {}, "the release was checked as a whole and activated: the last node is done"),
    ),
  );
  return make(
    "div",
    {},
    make(
      "p",
      {},
      make("b", {}, "The last node to finish"),
      `: how its last chunk (number ${run.hops[run.hops.length - 1][4]}) came to it.`,
    ),
    make("ol", {class: "path"}, ...items),
  );
}

function whySlow() {
  const used = run.reasons.filter((_, r) => segments.some((s) => s.waits[r] > 0));
  const total = run.reasons.map((_, r) => sum(segments.map((s) => s.waits[r])));
  const all = sum(total) || 1;
  return section(
    "Why did it take so long?",
    "Every moment in which a node lacked the release has one reason; below the mean of all are " +
      `the slowest segments. ${bottleneck()} ` +
      (run.sampled > 1
        ? `One node in ${run.sampled} told what it waits for, and counts for ${run.sampled}.`
        : ""),
    legend(used.map((word) => REASON[word] || [word, "#888888"])),
    waitBars(),
    criticalPath(),
    asTable(
      "What a node waited for, on average",
      [["reason"], ["meaning"], ["seconds a node", 1], ["share", 1]],
      used.map((word) => {
        const ms = total[run.reasons.indexOf(word)];
        return [word, (REASON[word] || [""])[0], digits(ms / run.nodes / 1000), share(ms, all)];
      }),
    ),
  );
}

// --- what held, what broke, and who ---

// Of 400 crashes and a slow line the line comes first, else nobody would find it.
function rareFirst() {
  const often = new Map();
  for (const i of inc) often.set(i.what, (often.get(i.what) || 0) + 1);
  return [...inc].sort((a, b) => often.get(a.what) - often.get(b.what) || a.begin - b.begin);
}

// A fault of a whole segment names no node.
function placeOf(segment, node) {
  if (segment === null) return "the source";
  const name = segments[segment].name;
  return /^0*$/.test(String(node)) ? name : `${name}, ${nodeName(node)}`;
}

function brokenAndKept() {
  const parts = [];
  if (run.rules.length) {
    parts.push(
      section(
        "What was checked?",
        "Invariants, watched at every event of the run.",
        table(
          "Invariants and whether they held",
          [["invariant"], ["what must hold"], ["result"]],
          run.rules.map(([name, statement, detail]) => [
            name,
            statement,
            detail ? `violated: ${detail}` : `held${soFar}`,
          ]),
        ),
      ),
    );
  }
  if (inc.length) {
    const more = run.incidents_left_out
      ? ` ${count(run.incidents_left_out)} more are not listed.`
      : "";
    parts.push(
      section(
        "What went wrong?",
        `Faults as the run saw them, rare kinds first.${more}`,
        scrolling(
          "Faults",
          table(
            "Faults, when and where",
            [["what"], ["where"], ["from", 1], ["until", 1]],
            rareFirst().map(({what, segment, node, begin, end}) => [
              faultText(what),
              placeOf(segment, node),
              seconds(begin),
              end === null ? "the end" : seconds(end),
            ]),
          ),
          "tall",
        ),
      ),
    );
  }
  return parts.length ? make("div", {class: parts.length > 1 ? "two" : ""}, ...parts) : null;
}
