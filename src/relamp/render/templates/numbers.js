// Sort the table of numbers by a click on a head, and show the rows that all chosen words fit.
"use strict";
const body = document.querySelector(".numbers tbody"), rows = Array.from(body.rows);
const chosen = Array.from(document.querySelectorAll("[data-filter]"));
function show() {
  let shown = 0;
  for (const row of rows) {
    row.hidden = !chosen.every(({ value, dataset: { filter } }) =>
      value ? row.dataset[filter.replace(/-(.)/, (_, letter) => letter.toUpperCase())] === value
        : filter !== "verdict" || row.dataset.verdict !== "not run");
    shown += !row.hidden;
  }
  document.getElementById("shown").textContent = `${shown} of ${rows.length} numbers`;
}
function compare(one, other) {
  const [a, b] = [Number(one), Number(other)];
  return one !== "" && other !== "" && !isNaN(a) && !isNaN(b) ? a - b : one.localeCompare(other, "en", { numeric: true });
}
document.querySelectorAll(".numbers th").forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
  const up = head.getAttribute("aria-sort") !== "ascending";
  document.querySelectorAll(".numbers th").forEach((each) => each.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => row.cells[column].dataset.sort;
  rows.sort((a, b) => (up ? 1 : -1) * compare(key(a), key(b)));
  body.append(...rows);
}));
chosen.forEach((each) => each.addEventListener("change", show));
// An address with the anchor of a number that was not run shows it.
const target = location.hash && document.getElementById(location.hash.slice(1));
show();
if (target && target.hidden) { target.hidden = false; target.scrollIntoView(); }
