// The page of a drill: sends what is asked for, and shows what comes of it, as it happens.

const EVERY_MS = 500;
let known = 0;
let timeline = null;
let axis = "even";

async function send(path, said = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Chaos-Drill": "1" },
    body: JSON.stringify(said),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

// -- what is shown

function picture(drawn) {
  const run = { ...drawn, name: "this drill", problems: [] };
  if (timeline === null) {
    timeline = new Timeline(element("canvas"), run, (seq) => tell(seq));
  } else {
    const { zoom, offset } = timeline.scale;
    timeline.run = run;
    timeline.scale.times = run.events.map((event) => event[0]);
    timeline.scale.count = run.events.length;
    timeline.scale.use(axis);
    timeline.scale.zoom = zoom;
    // Whoever has zoomed in looks at the end, or at what they have moved to.
    timeline.scale.moveTo(element("follow").checked ? 1 : offset);
    timeline.lay();
    timeline.draw();
  }
  const used = new Set(run.looks);
  const legend = Object.entries(LOOKS)
    .filter(([look]) => used.has(look))
    .map(([look, words]) => `<li><i class="swatch ${look}"></i>${words}</li>`)
    .join("");
  if (element("looks").innerHTML !== legend) element("looks").innerHTML = legend;
}

function forget() {
  known = 0;
  timeline = null;
  element("canvas").innerHTML = '<p class="empty">Nothing has happened yet. Ask something, or press the first button.</p>';
  for (const id of ["looks", "saved", "playing"]) element(id).innerHTML = "";
  element("chosen").textContent = "Choose something in the picture to read about it.";
}

function tell(seq) {
  const [time, actor, , text] = timeline.run.events[seq];
  element("chosen").textContent = `${duration(time)}  ${timeline.run.actors[actor]}  ${text}`;
}

function put(id, text, look = "") {
  const place = element(id);
  if (place.textContent !== text) place.textContent = text;
  if (place.className !== look) place.className = look;
}

function tiles({ status, counts, faults }) {
  const wait = status.breaker === "open" ? `, for ${Math.ceil(status.retry_after_s)}s` : "";
  put("breaker", status.breaker.replace("_", " ") + wait, status.breaker);
  put("mode", status.mode === "llm" ? "the model" : "the articles", status.mode);
  put("index", status.index, status.index);
  const waiting = counts.under_way ? `, ${counts.under_way} under way` : "";
  put("counts", `${counts.llm} by the model, ${counts.fallback} fallback${waiting}`);
  put("calls", String(counts.calls));
  const chips = faults.length
    ? faults.map(({ id, what, felt }) => `<button type="button" data-do="heal" data-id="${escaped(id)}" title="${escaped(what)}">${escaped(id)}${felt ? "" : " (not felt yet)"}: heal</button>`).join("")
    : "<small>none</small>";
  const box = element("faults");
  if (box.dataset.shown !== chips) {
    box.dataset.shown = chips;
    box.innerHTML = chips;
  }
}

function answers(list) {
  const rows = list
    .map(({ mode, question, reason, elapsed_s }) => `<li><b class="${mode}">${mode === "llm" ? "model" : escaped(mode)}</b><span title="${escaped(question)}">${escaped(question)}</span><small>${reason ? `${escaped(reason)}, ` : ""}${duration(elapsed_s * 1e6)}</small></li>`)
    .join("");
  if (element("answers").innerHTML !== rows) element("answers").innerHTML = rows;
}

function playing(what) {
  if (what === null) return;
  const state = what.error || (what.on ? `${what.step}; ${what.left} steps left` : what.step);
  put("playing", `${what.name}: ${state}`, "hint");
}

async function look() {
  try {
    const state = await (await fetch(`/state?since=${known}`)).json();
    if (state.picture) {
      known = state.events;
      picture(state.picture);
    }
    tiles(state);
    answers(state.answers);
    playing(state.playing);
    document.body.dataset.known = known;
  } catch {
    element("said").textContent = "The drill does not answer; was it ended?";
  }
  setTimeout(look, document.hidden ? 4 * EVERY_MS : EVERY_MS);
}

async function library() {
  const pieces = await (await fetch("/library")).json();
  const says = new Map(pieces.map((piece) => [piece.name, piece]));
  const choice = element("library");
  choice.innerHTML = pieces
    .map(({ name, lasts }) => `<option value="${escaped(name)}">${escaped(name)} (${lasts} and more)</option>`)
    .join("");
  const show = () => {
    const piece = says.get(choice.value);
    const unlike = piece.unlike ? ` Here it meets another world than it was written for, which has ${piece.unlike}.` : "";
    element("library-says").textContent = `${piece.says}${unlike}`;
  };
  choice.addEventListener("change", show);
  choice.value = "tour";
  show();
}

function saved({ path, text, outcome, problems, live, live_problems: unlive }) {
  const same = outcome === live;
  const list = (title, lines) => (lines.length ? `<p>${title}</p><ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join("")}</ul>` : "");
  element("saved").innerHTML = `
    <p>Saved as <code>${escaped(path)}</code>. Live: <span class="state ${live}">${live}</span>;
    in virtual time: <span class="state ${outcome}">${outcome}</span>${same ? ", the same." : ", and so not the same."}</p>
    ${list("Live:", unlive)}${list("In virtual time:", problems)}
    <p><code>chaos run ${escaped(path)}</code></p>
    <pre tabindex="0" aria-label="The scenario">${escaped(text)}</pre>`;
}

// -- what is done

const DEEDS = {
  ask: (said) => send("/ask", said),
  inject: (said) => send("/inject", said),
  heal: (said) => send("/heal", said),
  play: (said) => send("/play", said),
  stop: () => send("/stop"),
  save: async () => saved(await send("/save")),
  anew: async () => {
    element("said").classList.add("fine");
    element("said").textContent = "Ending the service, and starting another…";
    await send("/anew");
    forget();
    element("said").textContent = "All is as it was at the beginning.";
  },
  outage: () => send("/inject", { fault: "http_error", upstream: "openai", status: "503" }),
  "heal-all": async () => {
    const { faults } = await (await fetch("/state?since=0")).json();
    for (const { id } of faults) await send("/heal", { id });
  },
};

async function act(name, said, button, where = element("said")) {
  if (button?.getAttribute("aria-busy") === "true") return;
  where.textContent = "";
  where.classList.remove("fine");
  // Not disabled: that would take the focus away from whoever has no mouse.
  button?.setAttribute("aria-busy", "true");
  try {
    await DEEDS[name](said);
  } catch (error) {
    where.classList.remove("fine");
    where.textContent = error.message;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const said = Object.fromEntries(new FormData(form));
  const where = form.querySelector(".wrong-field") || undefined;
  act(form.dataset.do, said, event.submitter, where);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button) act(button.dataset.do, { id: button.dataset.id, name: button.dataset.name }, button);
  const kind = event.target.closest("[data-axis]");
  if (kind) {
    axis = kind.dataset.axis;
    for (const each of document.querySelectorAll("[data-axis]")) each.setAttribute("aria-pressed", String(each === kind));
    if (timeline) timeline.use(axis);
  }
});
element("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
addEventListener("resize", () => timeline && timeline.resize());
look();
library();
