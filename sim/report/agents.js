// SPDX-License-Identifier: Apache-2.0
// Who was Update Agent, and when? A lane for each time in office.

const LANES_MAX = 90; // that are drawn; all are in the table
const STEADY = 3; // segments drawn whose agents stayed, to compare with

const hasChanged = ({lanes}) =>
  lanes.some(([, , begin, end, crashed]) => begin > 0 || end !== null || crashed);

// Segments whose agents changed, the slowest first, as many as there is room for; and a few others.
function worthDrawing(rows) {
  const steady = rows.filter((row) => !hasChanged(row)).slice(0, STEADY);
  let room = LANES_MAX;
  return rows
    .filter(hasChanged)
    .concat(steady)
    .filter(({lanes}) => {
      room -= lanes.length;
      return room >= 0;
    });
}

// What is to be known of segments that are not drawn.
function leftOut(rows, drawn) {
  const steady = rows.filter((row) => !hasChanged(row)).length;
  const more = rows.length - steady - drawn.filter(hasChanged).length;
  const parts = [];
  if (steady > 0) {
    const which =
      steady < rows.length ? `In ${several(steady, "other segment")}` : "In every segment";
    parts.push(`${which} the agents stayed the same all the time.`);
  }
  if (more > 0) parts.push(`${several(more, "more segment")} with changes not drawn.`);
  return parts.join(" ");
}

function agents() {
  const rows = slowestFirst
    .map((s) => ({
      s,
      lanes: run.lanes.filter(([at, , begin]) => at === s.index && begin <= shownMs(run)),
    }))
    .filter(({lanes}) => lanes.length);
  if (!rows.length) return null;
  const first = worthDrawing(rows);
  const height = sum(first.map(({lanes}) => lanes.length * 9 + 8));
  const box = frame(
    "Who was Update Agent, and when",
    height + 38,
    shownMs(run),
    0,
    null,
    {left: NAMES},
  );
  let y = box.top;
  for (const {s, lanes} of first) {
    draw(
      box.svg,
      "text",
      {x: box.left - 8, y: y + lanes.length * 4.5 + 4, "text-anchor": "end"},
      s.name,
    );
    for (const [, node, begin, end, crashed] of lanes) {
      const x = box.x(begin);
      const to = box.x(end ?? run.end_ms);
      const bar = draw(box.svg, "rect", {
        x,
        y: y + 1,
        width: Math.max(2, to - x),
        height: 7,
        rx: 2,
        fill: "var(--agent)",
      });
      draw(
        bar,
        "title",
        {},
        `${nodeName(node)}: ${seconds(begin)} to ${end === null ? "the end" : seconds(end)}` +
          (crashed ? ", crashed" : ""),
      );
      if (crashed) {
        draw(box.svg, "path", {
          d: `M${to - 4} ${y}l8 8m0 -8l-8 8`,
          stroke: "var(--bad)",
          "stroke-width": 2.2,
        });
      }
      y += 9;
    }
    y += 8;
  }
  return section(
    "Who brought it in?",
    "The Update Agents are the elected nodes that bring the release into their segment. A bar is " +
      `one agent's time in office, ✕ its crash. ${leftOut(rows, first)}`,
    box.svg,
    asTable(
      "Update Agents and their time in office",
      [["segment"], ["agent"], ["from", 1], ["until", 1]],
      run.lanes
        .slice(0, 1000)
        .map(([at, node, begin, end, crashed]) => [
          segments[at].name,
          nodeName(node),
          seconds(begin),
          end === null ? "the end" : seconds(end) + (crashed ? " (crashed)" : ""),
        ]),
    ),
  );
}
