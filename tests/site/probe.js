"use strict";
// Put at the head of every page of a copy of the site: looks at the page as it lies in a frame, uses it, and tells the
// frame's owner what it saw.
(function () {
  const errors = [];
  addEventListener("error", (event) => {
    const part = event.target;
    errors.push(part && part.tagName ? `cannot load ${part.src || part.href}` : String(event.message));
  }, true);
  addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
  for (const name of ["error", "warn"]) {
    const before = console[name];
    console[name] = (...words) => { errors.push(words.join(" ")); before.apply(console, words); };
  }

  function shown(part) {
    return part.getClientRects().length > 0;
  }

  // Its frame lies within the page's width, and the table in it is as large as its rows need.
  function tableOf(table) {
    const frame = table.closest(".scroll") || table;
    const outer = frame.getBoundingClientRect();
    const inner = table.getBoundingClientRect();
    const first = table.rows[0].cells[0].getBoundingClientRect();
    return {
      shown: shown(table), left: outer.left, right: outer.right, width: inner.width, height: inner.height,
      first: first.left, rows: table.tBodies[0].rows.length, label: frame.getAttribute("aria-label") || "",
    };
  }

  // A click on the heading of a column with numbers, and another one.
  function sorted(table) {
    const rows = () => [...table.tBodies[0].rows];
    const grouped = table.querySelector("tbody tr.first") !== null;
    const heading = [...table.tHead.rows[0].cells].find(
      (cell) => rows().filter((row) => row.cells[cell.cellIndex] && row.cells[cell.cellIndex].dataset.value).length > 1);
    if (!heading || grouped) return null;
    const values = () => rows().map((row) => row.cells[heading.cellIndex].dataset.value).filter(Boolean).map(Number);
    if (values().some(isNaN)) return null;
    const button = heading.querySelector("button");
    if (!button) return { button: false };
    button.click();
    const rising = { values: values(), sort: heading.getAttribute("aria-sort") };
    button.click();
    return { button: true, rising, falling: { values: values(), sort: heading.getAttribute("aria-sort") } };
  }

  function filtered(bar) {
    const parts = document.querySelector(`[data-filtered="${bar.dataset.filter}"]`);
    const kinds = () => [...parts.querySelectorAll("[data-kind]")].filter(shown).map((part) => part.dataset.kind);
    const before = kinds().length;
    const [all, one] = bar.querySelectorAll("button");
    one.click();
    const chosen = { kind: one.dataset.kind, kinds: [...new Set(kinds())], pressed: one.getAttribute("aria-pressed") };
    const sections = [...parts.querySelectorAll("section")].filter(shown);
    const empty = sections.filter((part) => !part.matches("[data-kind]") && !part.querySelector("[data-kind]:not([hidden])"));
    all.click();
    return { shown: shown(bar), before, after: kinds().length, chosen, empty: empty.length };
  }

  function themed() {
    const button = document.querySelector("button.theme");
    const colors = [];
    for (let turn = 0; turn < 2; turn += 1) {
      button.click();
      colors.push(getComputedStyle(document.body).backgroundColor);
    }
    return colors;
  }

  // The innermost part that needs more room than the page has, though nothing around it scrolls.
  function sticksOut() {
    const room = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("main *")].filter(
      (part) => shown(part) && !part.closest(".scroll, .canvas, nav, pre, svg") &&
        part.getBoundingClientRect().left + part.scrollWidth > room + 1);
    return wide.length ? wide[wide.length - 1].outerHTML.slice(0, 300) : "";
  }

  addEventListener("load", () => setTimeout(() => {
    for (const part of document.querySelectorAll("details")) part.open = true;
    const report = {
      width: innerWidth,
      room: document.documentElement.clientWidth,
      needed: document.documentElement.scrollWidth,
      sticksOut: sticksOut(),
      heading: document.querySelector("h1").textContent,
      tables: [...document.querySelectorAll("main table")].map(tableOf),
      sorted: [...document.querySelectorAll("table.sortable")].map(sorted).filter(Boolean),
      filtered: [...document.querySelectorAll(".filter")].map(filtered),
      themes: themed(),
      errors,
    };
    parent.postMessage(JSON.stringify(report), "*");
  }, 0));
})();
