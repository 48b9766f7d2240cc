// The overview: filtering and sorting a table that is there already.

class Overview {
  constructor(box) {
    this.box = box;
    this.table = box.querySelector("#overview-table");
    this.search = box.querySelector("#search");
    this.bodies = [...this.table.tBodies];
    this.runs = [...this.table.querySelectorAll("tr.run")];
    this.home = new Map(this.runs.map((row) => [row, row.parentNode]));
    this.names = this.runs.map((row) => row.dataset.name);
    this.outcome = "";
    this.search.addEventListener("input", () => this.filter());
    box.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.show !== undefined) this.only(button);
      if (button.dataset.sort !== undefined) this.sort(button);
    });
  }

  only(button) {
    this.outcome = button.dataset.show;
    for (const each of this.box.querySelectorAll("[data-show]")) each.setAttribute("aria-pressed", each === button);
    this.filter();
  }

  filter() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of this.runs) {
      const fits = words.every((word) => row.dataset.words.includes(word));
      row.hidden = !fits || (this.outcome && row.dataset.outcome !== this.outcome);
      shown += !row.hidden;
    }
    for (const body of this.bodies) body.hidden = ![...body.querySelectorAll("tr.run")].some((row) => !row.hidden);
    this.box.querySelector(".nothing").hidden = shown > 0;
  }

  // Down, up, and back to the order of the folders.
  sort(button) {
    const head = button.parentNode;
    const turn = { none: "descending", descending: "ascending", ascending: "none" };
    const order = turn[head.getAttribute("aria-sort")];
    for (const each of this.table.querySelectorAll("[aria-sort]")) each.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", order);
    this.table.classList.toggle("sorted", order !== "none");
    if (order === "none") {
      for (const row of this.runs) this.home.get(row).append(row);
    } else {
      const value = this.valueOf(button.dataset.sort);
      const way = order === "ascending" ? 1 : -1;
      const rows = [...this.runs].sort((a, b) => {
        const [one, other] = [value(a), value(b)];
        // What was not measured comes last, whichever way.
        if (one === null || other === null) return (one === null) - (other === null);
        return way * (one < other ? -1 : one > other ? 1 : 0);
      });
      this.bodies[0].append(...rows);
    }
    this.filter();
  }

  valueOf(column) {
    if (column === "name") return (row) => row.dataset.name;
    return (row) => {
      const text = row.querySelectorAll("td.number")[column].dataset.sort;
      return text === undefined ? null : Number(text);
    };
  }

  // The scenario after this one, as the table has them now.
  beside(name, step) {
    const shown = [...this.table.querySelectorAll("tr.run")].filter((row) => !row.hidden).map((row) => row.dataset.name);
    return shown[shown.indexOf(name) + step];
  }
}
