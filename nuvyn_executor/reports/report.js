"use strict";
// Adds to a page that is complete without it: tables that sort, and a search over tables and columns.

// What a cell is sorted by: the figure that the page gives it, a number with commas, or its text.
function sortKey(cell) {
  const text = cell.dataset.v || cell.textContent.trim();
  const number = Number(text.replace(/,/g, ""));
  return text === "" || Number.isNaN(number) ? text.toLowerCase() : number;
}

// Numbers stand before texts: a dash is no figure.
function compare(one, other) {
  if (typeof one === typeof other) return one < other ? -1 : one > other ? 1 : 0;
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
  rows.sort((one, other) => sign * compare(one[0], other[0]));
  table.tBodies[0].append(...rows.map((pair) => pair[1]));
}

for (const header of document.querySelectorAll("th[data-sort]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  button.addEventListener("click", () => sortBy(header));
  header.append(button);
}

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
  field.closest(".search").hidden = false;
}
