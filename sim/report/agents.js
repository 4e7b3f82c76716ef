// SPDX-License-Identifier: Apache-2.0
// Who was Update Agent, and when? A lane for each time in office.

const LANES_MAX = 90; // that are drawn; all are in the table

// Segments whose agents changed, the slowest first, then others, as many as there is room for.
function worthDrawing(rows) {
  const changed = ({lanes}) => lanes.some(([, , , end, crashed]) => end !== null || crashed);
  const order = rows.filter(changed).concat(rows.filter((row) => !changed(row)));
  let room = LANES_MAX;
  return order.filter(({lanes}) => {
    room -= lanes.length;
    return room >= 0;
  });
}

function agents() {
  const rows = slowestFirst
    .map((s) => ({s, lanes: run.lanes.filter(([at]) => at === s.index)}))
    .filter(({lanes}) => lanes.length);
  if (!rows.length) return null;
  const first = worthDrawing(rows);
  const height = sum(first.map(({lanes}) => lanes.length * 9 + 8));
  const box = frame(
    "Who was Update Agent, and when",
    height + 38,
    Math.max(run.end_ms, 1),
    0,
    null,
    {left: 128},
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
  const left = rows.length - first.length;
  return section(
    "Who brought it in?",
    "A bar is one Update Agent's time in office, ✕ its crash. " +
      (left > 0 ? `${several(left, "more segment")} ${left === 1 ? "is" : "are"} not drawn.` : ""),
    box.svg,
    asTable(
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
