"use strict";
// Searches, sorts and shows the long table. Its rows are data: a cell is a text, or a text,
// what it is sorted by, and the section that it leads to. Only so many rows are in the page
// at once, so that a long table costs no more than a short one.
(() => {
  const { columns, rows, kinds } = JSON.parse(document.getElementById("data").textContent);
  const page = 100;
  const at = id => document.getElementById(id);
  const textOf = cell => Array.isArray(cell) ? cell[0] : cell;
  const haystacks = rows.map(row => row.map(textOf).join("\n").toLowerCase());
  let found = rows.map((_, i) => i), shown = page, by = -1, down = false;

  function make(name, text, attributes = {}) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // A run's id has no blank at which a line could end, and would push itself out of sight.
  const kindOf = text => text.length < 24 ? "short" : !text.includes(" ") ? "id" : text.length > 32 && "long";

  function cellOf(cell, i) {
    const text = textOf(cell);
    const td = make("td", undefined, { role: "cell", class: columns[i].number ? "number" : kindOf(text), "data-column": columns[i].name });
    if (Array.isArray(cell) && cell[2]) td.append(make("a", text, { href: "#" + cell[2] }));
    else td.append(make("span", text));
    return td;
  }

  function rowOf(i) {
    const tr = make("tr", undefined, { role: "row" });
    tr.append(...rows[i].map(cellOf));
    return tr;
  }

  function show(from) { // the rows before are there
    const body = at("rows").tBodies[0];
    const add = document.createDocumentFragment();
    for (const i of found.slice(from, shown)) add.append(rowOf(i));
    if (from === 0) body.replaceChildren(add); else body.append(add);
    const there = Math.min(shown, found.length);
    const all = `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"}`;
    at("count").textContent = found.length === rows.length ? all : `${found.length.toLocaleString("en")} of ${all} ${found.length === 1 ? "matches" : "match"}`;
    if (there < found.length) at("count").textContent += `, ${there.toLocaleString("en")} are shown`;
    at("more").hidden = there === found.length;
  }

  function compare(a, b) {
    const x = rows[a][by], y = rows[b][by];
    const order = columns[by].number ? (x[1] ?? -Infinity) - (y[1] ?? -Infinity) || 0 : textOf(x) < textOf(y) ? -1 : textOf(x) > textOf(y) ? 1 : 0;
    return (down ? -order : order) || a - b;
  }

  function find() {
    const words = at("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = kinds ? at("kind").value : "";
    found = [];
    for (let i = 0; i < rows.length; i++) {
      if ((!kind || textOf(rows[i][0]) === kind) && words.every(word => haystacks[i].includes(word))) found.push(i);
    }
    if (by >= 0) found.sort(compare);
    shown = page;
    show(0);
  }

  function sort(i) {
    down = by === i ? !down : !!columns[i].number;
    by = i;
    [...at("rows").tHead.rows[0].cells].forEach((th, j) => th.setAttribute("aria-sort", j !== i ? "none" : down ? "descending" : "ascending"));
    find();
  }

  const head = make("tr", undefined, { role: "row" });
  columns.forEach((column, i) => {
    const th = make("th", undefined, { scope: "col", role: "columnheader", class: column.number && "number", "aria-sort": "none" });
    const button = make("button", column.name, { type: "button" });
    button.addEventListener("click", () => sort(i));
    th.append(button);
    head.append(th);
  });
  at("rows").tHead.append(head);
  if (kinds) for (const kind of new Set(rows.map(row => textOf(row[0])))) at("kind").append(make("option", kind, { value: kind }));
  at("find").hidden = false;
  at("find").addEventListener("submit", event => event.preventDefault());
  at("find").addEventListener("input", find);
  at("next").addEventListener("click", () => { const from = shown; shown += page; show(from); });
  at("all").addEventListener("click", () => { const from = shown; shown = found.length; show(from); });
  show(0);
})();
