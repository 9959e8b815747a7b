
"use strict";
(() => {
  const form = document.getElementById("filter");
  const said = document.getElementById("filtered");
  const rows = [...document.querySelectorAll("tr[data-s]")];
  const order = ["info", "low", "medium", "high", "critical"];
  const check = (row) => row.parentNode.dataset.c;
  const texts = new Map();
  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };

  const choices = (select, values) => {
    for (const value of [...new Set(values)].sort()) {
      if (value !== "") select.append(new Option(value, value));
    }
  };
  choices(form.elements.check, rows.map(check));
  choices(form.elements.namespace, rows.map((row) => row.dataset.n));

  const filter = () => {
    const wanted = new FormData(form);
    const [severity, id, namespace] = ["severity", "check", "namespace"].map((name) => wanted.get(name));
    const words = wanted.get("text").trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = (severity === "" || order.indexOf(row.dataset.s) >= Number(severity))
        && (id === "" || check(row) === id)
        && (namespace === "" || row.dataset.n === namespace)
        && (words === "" || text(row).includes(words));
      row.hidden = !fits;
      shown += fits;
    }
    for (const part of document.querySelectorAll(".check, .found.all")) {
      part.hidden = !part.querySelector("tr[data-s]:not([hidden])");
    }
    const limits = [...form.elements].filter((field) => field.name && field.value !== "")
      .map((field) => `${field.name} ${field.selectedOptions ? field.selectedOptions[0].text : JSON.stringify(field.value)}`);
    said.hidden = limits.length === 0;
    said.textContent = said.hidden ? "" : `Filtered: ${shown} of ${rows.length} findings, ${limits.join(", ")}`;
  };
  let timer;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(filter, 120);
  });
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());

  const unfold = document.getElementById("unfold");
  const fold = (open) => document.querySelectorAll(".found details").forEach((details) => { details.open = open; });
  unfold.addEventListener("click", () => {
    const open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    unfold.textContent = open ? "Fold all" : "Unfold all";
    fold(open);
  });

  const value = (row, at) => {
    const cell = row.cells[at];
    const severity = order.indexOf(cell.querySelector(".chip")?.textContent);
    if (severity >= 0) return severity;
    return cell.classList.contains("n") ? Number(cell.textContent) : cell.textContent.toLowerCase();
  };
  const sort = (table, header, at) => {
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const body of table.tBodies) {
      const sorted = [...body.rows].filter((row) => !row.classList.contains("group"));
      const keys = new Map(sorted.map((row) => [row, value(row, at)]));
      sorted.sort((a, b) => {
        const [left, right] = [keys.get(a), keys.get(b)];
        return (left < right ? -1 : left > right ? 1 : 0) * (down ? -1 : 1);
      });
      body.append(...sorted);
    }
  };
  for (const table of document.querySelectorAll("table")) {
    [...table.tHead.rows[0].cells].forEach((header, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = header.textContent;
      button.addEventListener("click", () => sort(table, header, at));
      header.setAttribute("aria-sort", "none");
      header.replaceChildren(button);
    });
  }

  // Browsers that cannot show folded details by style alone.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((details) => { details.open = false; }));

  form.hidden = rows.length === 0;
})();
