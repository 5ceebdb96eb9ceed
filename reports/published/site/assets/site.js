"use strict";
// The whole script of the site: light and dark, tables that sort, and parts that can be left out. Every page can be read without it.
(function () {
  const root = document.documentElement;
  function stored(value) {
    try {
      if (value) localStorage.setItem("nasrepro-theme", value);
      return localStorage.getItem("nasrepro-theme");
    } catch (error) {
      return value || null; // pages opened from a disk may have no storage
    }
  }
  const chosen = stored();
  if (chosen) root.dataset.theme = chosen;

  function toggleTheme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    stored(root.dataset.theme);
  }

  // Rows below a row of class `first` belong to it, as ours to the paper's, and move with it.
  function groupsOf(body) {
    const grouped = body.querySelector("tr.first") !== null;
    const groups = [];
    for (const row of body.rows) {
      if (!grouped || row.classList.contains("first") || groups.length === 0) groups.push([]);
      groups[groups.length - 1].push(row);
    }
    return groups;
  }

  // What a group is sorted by: the first number in the column, else its first text; null where it has none.
  function keyOf(group, column) {
    const cells = group.map((row) => row.cells[column]).filter(Boolean);
    const number = cells.find((cell) => cell.dataset.value !== undefined && cell.dataset.value !== "");
    if (number) return isNaN(number.dataset.value) ? number.dataset.value : Number(number.dataset.value);
    const text = cells.length ? cells[0].textContent.trim() : "";
    return text === "" || text === "–" ? null : text;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, "en", { numeric: true });
  }

  function sortBy(table, heading) {
    const column = heading.cellIndex;
    const rising = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const body = table.tBodies[0];
    const keyed = groupsOf(body).map((group) => [keyOf(group, column), group]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null); // what is missing stays last
      return rising ? compare(a, b) : compare(b, a);
    });
    for (const [, group] of keyed) body.append(...group);
  }

  function makeSortable(table) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sortBy(table, heading));
      heading.append(button);
    }
  }

  // Buttons that show what is of one kind alone. A section in which nothing is left goes as well.
  function makeFilter(bar) {
    const parts = document.querySelector(`[data-filtered="${bar.dataset.filter}"]`);
    const buttons = [...bar.querySelectorAll("button")];
    function choose(chosen) {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button === chosen));
      const kind = chosen.dataset.kind;
      for (const part of parts.querySelectorAll("[data-kind]")) part.hidden = kind !== "" && part.dataset.kind !== kind;
      for (const section of parts.querySelectorAll("section:not([data-kind])")) {
        section.hidden = section.querySelector("[data-kind]:not([hidden])") === null;
      }
    }
    for (const button of buttons) button.addEventListener("click", () => choose(button));
    bar.hidden = false;
    return { parts, all: () => choose(buttons[0]) };
  }
  const filters = [];

  // A link into something folded opens it, and one to something left out brings it back.
  function unfold() {
    const name = decodeURIComponent(location.hash.slice(1));
    let part = name ? document.getElementById(name) : null;
    if (!part) return;
    if (part.closest("[hidden]")) for (const filter of filters) if (filter.parts.contains(part)) filter.all();
    for (let box = part; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    part.scrollIntoView();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("button.theme").addEventListener("click", toggleTheme);
    document.querySelectorAll("table.sortable").forEach(makeSortable);
    for (const bar of document.querySelectorAll(".filter")) filters.push(makeFilter(bar));
    addEventListener("hashchange", unfold);
    unfold();
  });
})();
