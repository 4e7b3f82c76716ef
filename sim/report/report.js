// SPDX-License-Identifier: Apache-2.0
// What the report says: verdict, figures, and one section a question. The data is an array of
// runs; the first one is what the report is of, the others are laid over its curve.

const runs = JSON.parse(document.getElementById("data").textContent);
const run = runs[0];
const figures = run.summary;

const segments = run.segments.map(
  ([name, nodes, complete, gone, hostile, half, last, wan, control, waits, fill, why], index) => ({
    name,
    nodes,
    complete,
    gone,
    hostile,
    half,
    last,
    wan,
    control,
    waits,
    fill,
    why,
    index,
  }),
);
const fullness = (s) => Math.round((LEVELS.indexOf(s.fill[s.fill.length - 1]) / 63) * 100);

// --- what is known beyond the data ---

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
const sum = (values) => values.reduce((a, b) => a + b, 0);

// A segment is slow if half of its nodes waited longer than elsewhere. If only its last ones did,
// it has stragglers: one laptop asleep makes no line slow.
const owedIn = (s) => s.nodes - s.gone - s.hostile; // nodes that are to have the release
const typical = (key) => median(segments.filter(owedIn).map((s) => s[key] ?? run.end_ms));
const isOpen = (s) => s.last === null && owedIn(s) > 0;
const typicalHalf = typical("half");
const typicalLast = typical("last");
const isBeyond = (ms, usual, times) => ms === null || (ms > usual * times && ms > usual + 500);
const isSlow = (s) => owedIn(s) > 0 && isBeyond(s.half, typicalHalf, 1.25);
const isLate = (s) => owedIn(s) > 0 && !isSlow(s) && isBeyond(s.last, typicalLast, 1.15);

// Those that are not done, then those that are slow, then by their last node.
const urgency = (s) => (isOpen(s) ? 2 : 0) + (isSlow(s) ? 1 : 0);
const slowestFirst = [...segments].sort((a, b) => {
  if (urgency(a) !== urgency(b)) return urgency(b) - urgency(a);
  if (isOpen(a) && fullness(a) !== fullness(b)) return fullness(a) - fullness(b);
  const key = isSlow(a) ? "half" : "last";
  return (b[key] ?? 0) - (a[key] ?? 0) || a.index - b.index;
});
const slow = slowestFirst.filter(isSlow);
const late = slowestFirst.filter(isLate);

// When |s| had nearly all of its bytes.
function filledMs(s) {
  const slice = [...s.fill].findIndex((level) => LEVELS.indexOf(level) >= 60);
  return slice < 0 ? run.end_ms : Math.min((slice + 1) * run.width_ms, run.end_ms);
}
// Nodes that are to have the release: nothing is owed to hostile ones.
const living = (each) =>
  Math.max(1, each.nodes - (each.summary.gone || 0) - (each.summary.hostile || 0));
const kindOfNodes = [
  figures.hostile && "honest",
  figures.gone && "living",
  living(run) === 1 ? "node" : "nodes",
]
  .filter(Boolean)
  .join(" ");
const copies = (s) => (run.bytes ? s.wan / run.bytes : 0);
const lineOwner = run.sites < segments.length ? "site" : "segment";
// A scenario may give each site another line; then its rate is not that of the flags.
const sameLines = !/ --scenario[ =]/.test(run.command);
const hasLines = sum(segments.map((s) => s.wan)) > 0;
const inc = run.incidents.map(([what, segment, node, begin, end]) => ({
  what,
  segment,
  node,
  begin,
  end,
}));

// What a node of the segment waited for, per reason in ms.
const perNode = (s) => s.waits.map((ms) => ms / s.nodes);
const typicalWaits = run.reasons.map((_, r) => median(segments.map((s) => perNode(s)[r])));

// Why is |s| slower than the others? The reason that takes more than elsewhere, and what broke.
function because(s) {
  const extra = perNode(s).map((ms, r) => ms - typicalWaits[r]);
  const most = extra.indexOf(Math.max(...extra));
  const isWide = (i) => /^0*$/.test(String(i.node)); // of the segment, not of one of its nodes
  const here = inc.filter((i) => i.segment === s.index);
  const broken = [...here.filter(isWide), ...here.filter((i) => !isWide(i))].map((i) => i.what);
  const parts = [];
  if (broken.length) parts.push(tally(broken));
  if (isSlow(s) && extra[most] > Math.max(50, run.end_ms / 100)) {
    const [meaning] = REASON[run.reasons[most]] || [run.reasons[most]];
    parts.push(`a node waited ${seconds(extra[most])} more than elsewhere while ${meaning}`);
  }
  if (hasLines && copies(s) > 1.05) parts.push(`${digits(copies(s))} copies over its line`);
  return parts.join("; ") || "nothing stands out";
}

// ["crash", "sleep", "crash"] -> "2 × crash, sleep"
function tally(words) {
  const sums = new Map();
  for (const word of words.map(faultText)) sums.set(word, (sums.get(word) || 0) + 1);
  return [...sums].map(([word, n]) => (n > 1 ? `${n} × ${word}` : word)).join(", ");
}

// --- the verdict ---

// A time of the summary; 0 = it has not come.
const figure = (name) => seconds(figures[name] ? figures[name] / 1e6 : null);

// The rule that did not hold, if that is more than nodes that are not done.
const violated = () => run.rules.find((rule) => rule[2] && !/all-complete/.test(rule[0]));

// Some invariants are about the end, which a run that was stopped does not have.
const soFar = figures.interrupted ? " so far" : "";

const lacking = living(run) - figures.complete;

// End of the time axes: a little after the last node was done, though faults may last longer.
function shownMs(each) {
  const last = each.summary.makespan_ns / 1e6;
  const open = living(each) > each.summary.complete || !last;
  const slices = open ? Infinity : Math.ceil((last * 1.1) / each.width_ms);
  return Math.max(1, Math.min(each.end_ms, slices * each.width_ms));
}

// Was there anything to distribute? A run that ended before has nothing but its verdict to show.
const begun = run.bytes > 0;

function judge() {
  const nodes = living(run);
  if (violated()) {
    const [name, statement, how] = violated();
    // What --expect says is a wish; the other invariants are promises.
    return /expected/.test(name)
      ? ["bad", `Not as expected: ${how.replace(/^node \d+: /, "")}`]
      : ["bad", `Invariant broken: ${statement}`];
  }
  if (run.nodes === (figures.gone || 0) + (figures.hostile || 0)) {
    return ["bad", `Nobody left: all ${several(run.nodes, "node")} are gone for good or hostile`];
  }
  if (figures.interrupted && !begun) {
    return ["warn", "Interrupted before the release was published"];
  }
  if (figures.interrupted) {
    const part = `${count(figures.complete)} of ${count(nodes)} nodes had the release`;
    return ["warn", `Interrupted after ${seconds(run.end_ms)}: ${part}`];
  }
  if (lacking > 0) {
    const part = `${count(lacking)} of ${count(nodes)} ${kindOfNodes} still lack the release`;
    return ["bad", `Unfinished: ${part} after ${seconds(run.end_ms)}`];
  }
  const all = `${nodes === 1 ? "the one" : `all ${count(nodes)}`} ${kindOfNodes}`;
  const last = figure("makespan_ns");
  const done = `${all} had the release after ${last}`;
  if (slow.length > segments.length / 10) return ["warn", `Complete, but uneven: ${done}`];
  const hasTail = isBeyond(figures.makespan_ns / 1e6, figures.p95_ns / 1e6, 1.25);
  return hasTail && slow.length + late.length > segments.length / 10
    ? ["warn", `Complete, with stragglers: 95 % after ${figure("p95_ns")}, ${all} after ${last}`]
    : ["good", `Healthy: ${done}`];
}

function verdictDone() {
  const bound = run.bound_ms
    ? ` On these lines nobody can do it in less than ${seconds(run.bound_ms)}`
    : "";
  if (!begun) {
    return `Not begun: the ${several(run.nodes, "node")} were still finding each other.`;
  }
  if (!figures.complete) {
    const have = sum(run.by_tier.map(sum)) / (run.bytes * living(run));
    const part = `${Math.min(100, Math.floor(have * 100))} % of all bytes were there`;
    return `No node had all of it after ${seconds(run.end_ms)}; ${part}.${bound && `${bound}.`}`;
  }
  const times = (name) => digits(figures[name] / 1e6 / run.bound_ms);
  const those = lacking > 0 ? "those that are done" : "the nodes";
  const [most, last] = [times("p95_ns"), times("makespan_ns")];
  const ratio =
    last - most < 0.1
      ? `this was ${last} times that`
      : `95 % of the nodes took ${most} times that, the last one ${last} times`;
  const end = lacking > 0 ? "." : `: ${ratio}.`;
  return (
    `Half of ${those} after ${figure("half_ns")}, 95 % after ${figure("p95_ns")}, the last ` +
    `after ${figure("makespan_ns")}.${bound && bound + end}`
  );
}

function verdictCost() {
  const mean = figures.wan_copies_mean_ppm / 1e6;
  const perSegment = run.nodes / run.sites;
  const saved =
    perSegment > mean && figures.complete
      ? ` That is ${percent(perSegment - mean, perSegment)} less ` +
        "than if every node fetched it for itself."
      : "";
  const source =
    figures.source_copies_ppm === undefined
      ? ""
      : ` The source sent it ` +
        `${(figures.source_copies_ppm / 1e6).toFixed(1)} times for ` +
        `${several(segments.length, "segment")}.`;
  return (
    `${mean.toFixed(2)} copies came in over a ${lineOwner}'s WAN line on average, ` +
    `${(figures.wan_copies_max_ppm / 1e6).toFixed(2)} at most; ` +
    `${bytes(mean * run.bytes * run.sites)} over all lines.${saved}${source}`
  );
}

// |list| by name with what |text| says of each; three of them.
function named(list, text) {
  const items = list
    .slice(0, 3)
    .map((s) => make("li", {}, make("b", {}, s.name), ` ${text(s)}: ${because(s)}`));
  if (list.length > 3) {
    items.push(make("li", {}, `and ${count(list.length - 3)} more, in the table at the end`));
  }
  return make("ul", {}, ...items);
}

function slowOnes() {
  const state = (s) =>
    s.half === null ? `${fullness(s)} % of its bytes` : `half after ${seconds(s.half)}`;
  return slow.length
    ? [
        `${several(slow.length, "segment")} slow as a whole; the typical one had half of its ` +
          `nodes done after ${seconds(typicalHalf)}.`,
        named(slow, state),
      ]
    : [];
}

function lateOnes() {
  const state = (s) =>
    s.last === null
      ? `${count(s.complete)} of ${count(owedIn(s))} nodes`
      : `the last after ${seconds(s.last)}`;
  return late.length
    ? [
        `In ${several(late.length, slow.length ? "other" : "segment")} only the last nodes came ` +
          `late; the typical one was done after ${seconds(typicalLast)}.`,
        named(late, state),
      ]
    : [];
}

function verdictSlow() {
  const open = segments.filter(isOpen);
  const shares = segments.map(fullness);
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  if (open.length === segments.length && segments.length > 1 && most - least < 10) {
    const range = least === most ? `each has ${most}` : `they have ${least} to ${most}`;
    return [`No segment is done, and none stands out: ${range} % of the bytes.`];
  }
  if (!slow.length && !late.length) {
    return [`No segment stands out; the typical one was done after ${seconds(typicalLast)}.`];
  }
  const undone = `${count(open.length)} of ${several(segments.length, "segment")} not done. `;
  return [open.length ? undone : "", ...slowOnes(), ...lateOnes()];
}

function verdictFaults() {
  const outages = inc.filter((i) => i.what === "source-down");
  const parts = [];
  if (figures.crashes) {
    parts.push(`${count(figures.crashes)} node crash${figures.crashes === 1 ? "" : "es"}`);
  }
  if (figures.gone) parts.push(`${several(figures.gone, "node")} gone for good`);
  if (outages.length) {
    parts.push(
      `the source down for ${seconds(sum(outages.map((o) => (o.end ?? run.end_ms) - o.begin)))}`,
    );
  }
  const others = inc.map((i) => i.what).filter((w) => w !== "crash" && w !== "source-down");
  if (others.length) parts.push(tally(others));
  const lost = figures.datagrams_lost ? `${count(figures.datagrams_lost)} messages lost` : "";
  if (parts.length && lost) parts.push(lost);
  const held = run.rules.filter((rule) => !rule[2]).length;
  const broken = run.rules.filter((rule) => rule[2]).map(([name, , how]) => ` ${name}: ${how}.`);
  const rules = run.rules.length
    ? ` ${held} of ${run.rules.length} invariants held${soFar}.${broken.join("")}`
    : "";
  const none = `Nothing went wrong${lost && `, but for ${lost}`}.`;
  return `${parts.length ? `Faults: ${parts.join(", ")}.` : none}${rules}`;
}

function verdict() {
  const [tone, headline] = judge();
  document.title = `Weft: ${headline}`;
  const line = (name, ...parts) =>
    make("li", {}, make("b", {}, name), make("div", {}, ...parts));
  return make(
    "section",
    {class: `verdict ${tone}`},
    make("h1", {id: "verdict"}, headline),
    make(
      "p",
      {class: "kicker"},
      `${size(run.bytes || figures.bytes)} in ` +
        `${several(run.chunks || figures.chunks, "chunk")} to ` +
        `${several(run.nodes, "node")} in ${several(segments.length, "segment")}; ` +
        (run.real ? "measured on real nodes" : `simulated, seed ${figures.seed}`),
    ),
    make(
      "ul",
      {},
      line("Done when?", verdictDone()),
      begun && line("At what cost?", verdictCost()),
      begun && line("Where slow?", ...verdictSlow()),
      line("What broke?", verdictFaults()),
    ),
  );
}

// --- key figures; data-value is the number of --json ---

function card(label, name, text, note, tone) {
  return make(
    "div",
    {class: `card ${tone || ""}`},
    make("div", {class: "label"}, label),
    make("div", {class: "value", "data-key": name, "data-value": figures[name]}, text),
    make("div", {class: "note"}, note),
  );
}

function cards() {
  const broken = run.rules.filter((rule) => rule[2]).length;
  const list = [
    card(
      "Complete",
      "complete",
      percent(figures.complete, living(run)),
      `${count(figures.complete)} of ${count(living(run))} ${kindOfNodes}`,
    ),
    card(
      lacking > 0 ? "Last node so far" : "Last node",
      "makespan_ns",
      figure("makespan_ns"),
      run.bound_ms ? `lower bound ${seconds(run.bound_ms)}` : "",
    ),
    card("Half of the nodes", "half_ns", figure("half_ns"), `95 %: ${figure("p95_ns")}`),
    card(
      "WAN copies",
      "wan_copies_mean_ppm",
      `${(figures.wan_copies_mean_ppm / 1e6).toFixed(2)} ×`,
      `into a segment; ${(figures.wan_copies_max_ppm / 1e6).toFixed(2)} at most`,
    ),
  ];
  if (figures.source_copies_ppm !== undefined) {
    list.push(
      card(
        "Source sent",
        "source_copies_ppm",
        bytes((figures.source_copies_ppm / 1e6) * run.bytes),
        `${(figures.source_copies_ppm / 1e6).toFixed(2)} copies`,
      ),
    );
  }
  if (run.rules.length) {
    list.push(
      make(
        "div",
        {class: "card"},
        make("div", {class: "label"}, "Invariants"),
        make("div", {class: "value"}, broken ? `${broken} violated` : "all held"),
        make("div", {class: "note"}, `${run.rules.length} watched at every event${soFar}`),
      ),
    );
  }
  return make("div", {class: "cards", role: "group", "aria-label": "Key figures"}, ...list);
}

function repeat() {
  if (!run.command) return null;
  const code = make("code", {}, run.command);
  const said = make("span", {class: "soft screen", role: "status"});
  const select = () => {
    window.getSelection().selectAllChildren(code);
    said.textContent = " Selected: copy it with the keys of your browser.";
  };
  const copied = () => {
    said.textContent = " Copied.";
  };
  const click = () => {
    if (navigator.clipboard) navigator.clipboard.writeText(run.command).then(copied, select);
    else select();
  };
  const copy = make("button", {class: "plain screen", type: "button", click}, "Copy");
  return section(
    "Run it again",
    "The same command gives the same run, on every machine. ",
    code,
    make("p", {}, copy, said),
  );
}

const CHARTS = [
  apart,
  completion,
  compared,
  heat,
  whySlow,
  wanBars,
  sourceEgress,
  agents,
  matrix,
  control,
  brokenAndKept,
  allSegments,
];

// A part that cannot be drawn must not take the others with it.
function drawn(part) {
  try {
    return part();
  } catch (error) {
    console.error(error);
    return section("A part is missing here", `It could not be drawn: ${error.message}`);
  }
}

const parts = [verdict, ...(begun ? [cards, ...CHARTS] : []), repeat];
document.getElementById("report").append(...parts.map(drawn).filter(Boolean));
