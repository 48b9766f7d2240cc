// Which page is shown follows the address: `#` the overview, `#name` a scenario, `#name/42` an event.

const overview = new Overview(element("overview"));
let page = null;
let left = 0;

function route() {
  const [name, seq] = decodeURIComponent(location.hash.slice(1)).split("/");
  const data = name && document.querySelector(`script[data-run="${CSS.escape(name)}"]`);
  hideTip();
  if (!data) {
    page = null;
    element("scenario").innerHTML = "";
    show("overview");
    scrollTo(0, left);
    return;
  }
  if (!element("overview").hidden) left = scrollY;
  show("scenario");
  if (!page || page.run.name !== name) {
    page = new ScenarioPage(element("scenario"), JSON.parse(data.textContent));
    scrollTo(0, 0);
    element("scenario").querySelector("h1").focus({ preventScroll: true });
    pager(name);
  }
  if (seq !== undefined && seq < page.run.events.length) page.timeline.choose(Number(seq));
}

function show(id) {
  for (const each of ["overview", "scenario"]) element(each).hidden = each !== id;
  document.querySelector(".pager").hidden = id !== "scenario";
}

function pager(name) {
  for (const [where, step] of [["previous", -1], ["next", 1]]) {
    const link = document.querySelector(`.pager .${where}`);
    const other = overview.beside(name, step);
    if (other) link.href = `#${other}`;
    else link.removeAttribute("href");
  }
}

function go(where) {
  const link = document.querySelector(`.pager .${where}`);
  if (page && link.hasAttribute("href")) location.hash = link.getAttribute("href");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || element("keys").open) return;
  const typing = event.target.matches("input");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const actions = {
    "/": () => (page ? page.box.querySelector(".narrow") : overview.search).focus(),
    "?": () => element("keys").showModal(),
    j: () => go("next"),
    k: () => go("previous"),
    u: () => { location.hash = ""; },
    Escape: () => { location.hash = ""; },
    f: () => page && page.nextFailure(),
  };
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
});

document.querySelector(".keys").addEventListener("click", () => element("keys").showModal());
document.querySelector(".theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
addEventListener("hashchange", route);
addEventListener("resize", () => page && page.timeline.resize());
route();
