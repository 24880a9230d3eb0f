"use strict";
// Adds to a page that is complete without it: tables that sort, and a search over tables and columns.

// What a cell is sorted by: the figure that the page gives it, a number with commas, or its text without what
// is small in it. A name is a text, also one of digits.
function sortKey(cell) {
  const parts = Array.from(cell.childNodes).filter((one) => one.nodeName !== "SMALL" && one.className !== "tag");
  const text = cell.dataset.v || (cell.tagName === "TH" ? parts : [cell]).map((one) => one.textContent).join("").trim();
  const number = cell.tagName === "TH" ? NaN : Number(text.replace(/,/g, ""));
  return text === "" || Number.isNaN(number) ? text.toLowerCase() : number;
}

// A dash is no figure: it is the last in either order.
function compare(one, other, sign) {
  if (typeof one === typeof other) return sign * (one < other ? -1 : one > other ? 1 : 0);
  return typeof one === "number" ? -1 : 1;
}

function sortBy(header) {
  const table = header.closest("table");
  const first = header.classList.contains("n") ? "descending" : "ascending";
  const second = first === "ascending" ? "descending" : "ascending";
  const order = header.getAttribute("aria-sort") === first ? second : first;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const rows = Array.from(table.tBodies[0].rows, (row) => [sortKey(row.cells[header.cellIndex]), row]);
  rows.sort((one, other) => compare(one[0], other[0], sign));
  table.tBodies[0].append(...rows.map((pair) => pair[1]));
}

for (const header of document.querySelectorAll("th[data-sort]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  button.addEventListener("click", () => sortBy(header));
  header.append(button);
}

// A link leads to a table that the search has hidden, and inside the frame of a notebook, whose address is
// that of the notebook.
let showAll = () => {};
// A section gets its height when it is near: those above the target push it away, some frames long.
function lead(target, frames) {
  target.scrollIntoView();
  if (frames) requestAnimationFrame(() => lead(target, frames - 1));
}
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const target = link && document.getElementById(link.getAttribute("href").slice(1));
  if (!target) return;
  if (target.closest("[hidden]")) showAll();
  if (document.URL.startsWith("about:")) event.preventDefault();
  requestAnimationFrame(() => lead(target, 4));
});

const list = document.getElementById("table-list");
if (list) {
  const field = document.getElementById("search");
  const found = document.getElementById("found");
  const all = found.textContent;
  let index = null;
  // A table is found by what stands in its row, and by the names and types of its columns.
  const entries = () => index || (index = Array.from(list.tBodies[0].rows, (row) => {
    const section = document.getElementById(row.dataset.for);
    const columns = Array.from(section.querySelectorAll(".columns tbody tr"),
      (one) => one.cells[0].textContent + " " + one.cells[1].textContent);
    return { row, section, text: [row.textContent, ...columns].join(" ").toLowerCase() };
  }));
  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const one of entries()) {
      const isFound = words.every((word) => one.text.includes(word));
      one.row.hidden = one.section.hidden = !isFound;
      count += isFound;
    }
    found.textContent = words.length ? count + " of " + all : all;
  };
  field.addEventListener("input", search);
  showAll = () => { field.value = ""; search(); };
  field.closest(".search").hidden = false;
}
