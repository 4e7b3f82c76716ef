// SPDX-License-Identifier: Apache-2.0
// All segments: a table that can be sorted and searched.

// Those of |s| to whom nothing is owed.
function others(s) {
  const parts = [
    [s.gone, "gone"],
    [s.hostile, "hostile"],
  ].filter(([n]) => n);
  return parts.length ? ` (${parts.map(([n, word]) => `${count(n)} ${word}`).join(", ")})` : "";
}

function allSegments() {
  // Name, whether large ones come first, what is compared, whether it is read as text.
  const columns = [
    ["segment", false, (s) => s.index],
    ["nodes", true, (s) => s.nodes],
    ["complete", true, (s) => s.complete],
    ["half done", true, (s) => s.half ?? Infinity],
    ["last done", true, (s) => s.last ?? Infinity],
    ["WAN copies", true, copies],
    ["why slow", true, (s) => (isSlow(s) ? 2 : 0) + (isLate(s) ? 1 : 0), true],
  ];
  const body = make("tbody", {});
  const rowsMax = 1000;
  let [by, falls] = ["", true]; // sorted by which column, and whether downwards; "" = slowest first
  let wanted = "";
  function sorted() {
    const column = columns.find(([name]) => name === by);
    if (!column) return slowestFirst;
    const [, , key] = column;
    const order = (a, b) => (falls ? key(b) - key(a) : key(a) - key(b));
    return [...segments].sort((a, b) => order(a, b) || a.index - b.index);
  }
  const row = (s) =>
    make(
      "tr",
      {},
      make("th", {scope: "row"}, s.name),
      make("td", {class: "n"}, count(s.nodes)),
      make("td", {class: "n"}, `${count(s.complete)}${others(s)}`),
      make("td", {class: "n"}, owedIn(s) ? seconds(s.half) : "–"),
      make("td", {class: "n"}, owedIn(s) ? seconds(s.last) : "–"),
      make("td", {class: "n"}, hasLines ? digits(copies(s)) : "–"),
      make("td", {}, isSlow(s) || isLate(s) ? because(s) : ""),
    );
  function fill() {
    const rows = sorted().filter((s) => s.name.includes(wanted));
    const none = make("td", {colspan: columns.length}, "No segment has that in its name.");
    body.replaceChildren(
      ...(rows.length ? rows.slice(0, rowsMax).map(row) : [make("tr", {}, none)]),
    );
    for (const head of heads) {
      const way = falls ? "descending" : "ascending";
      head.setAttribute("aria-sort", head.textContent === by ? way : "none");
    }
  }
  const click = (name, isNumber) => () => {
    [by, falls] = [name, name === by ? !falls : isNumber];
    fill();
  };
  const heads = columns.map(([name, isNumber, , isText]) =>
    make(
      "th",
      {class: isNumber && !isText ? "n" : undefined, scope: "col"},
      make("button", {type: "button", click: click(name, isNumber)}, name),
    ),
  );
  const box = make("input", {
    type: "search",
    placeholder: "Part of a name",
    "aria-label": "Show segments named",
    input: (event) => {
      wanted = event.target.value;
      fill();
    },
  });
  fill();
  const shown = segments.length > rowsMax ? ` ${count(rowsMax)} rows are shown at a time.` : "";
  return section(
    "All segments",
    "The slowest first; a click on a heading sorts by it, a second one the other way round." +
      shown,
    make("p", {class: "screen"}, box),
    scrolling(
      "All segments",
      make(
        "table",
        {},
        make("caption", {}, "All segments"),
        make("thead", {}, make("tr", {}, ...heads)),
        body,
      ),
    ),
  );
}
