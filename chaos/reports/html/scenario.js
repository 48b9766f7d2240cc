// The page of one scenario: what it claims, what went wrong, the timeline, the events, the file.

class ScenarioPage {
  constructor(box, run) {
    this.run = run;
    this.box = box;
    box.innerHTML = this.html();
    this.rows = box.querySelector(".log");
    this.lines = box.querySelector(".source");
    this.timeline = new Timeline(box.querySelector(".canvas"), run, (seq) => this.show(seq));
    this.listen();
  }

  html() {
    const { run } = this;
    return `
      <header class="masthead">
        <p class="verdict ${run.outcome}">${run.outcome}</p>
        <h1 tabindex="-1">${escaped(run.name)}</h1>
        <p class="claim">${escaped(run.hypothesis)}</p>
        <div class="replay"><code>${escaped(run.replay)}</code><button type="button" class="copy" data-copy="${escaped(run.replay)}">Copy</button></div>
        <dl class="facts">${run.facts.filter(([, value]) => value).map(([key, value]) => `<div><dt>${key}</dt><dd>${escaped(value)}</dd></div>`).join("")}</dl>
      </header>
      ${run.problems.length ? `<section class="problems" aria-label="What is wrong">${run.problems.map((problem, at) => this.problem(problem, at)).join("")}</section>` : ""}
      <dl class="tiles small">${run.numbers.map(([label, value]) => `<div><dt>${escaped(label)}</dt><dd>${escaped(value)}</dd></div>`).join("")}</dl>
      <section aria-labelledby="timeline-title">
        <div class="tools">
          <h2 id="timeline-title">Timeline</h2>
          <div class="filters" role="group" aria-label="Axis">
            <button type="button" data-axis="even" aria-pressed="true" title="Half of the width for events, half for time">spread out</button>
            <button type="button" data-axis="time" aria-pressed="false" title="Virtual time, true to scale">true to time</button>
          </div>
          <div class="filters" role="group" aria-label="Zoom">
            <button type="button" data-zoom="out" aria-label="Zoom out">−</button>
            <button type="button" data-zoom="in" aria-label="Zoom in">+</button>
            <button type="button" data-zoom="fit">fit</button>
          </div>
          <span class="hint">drag to move, Ctrl and wheel to zoom, arrow keys to step</span>
        </div>
        ${this.cut()}
        <div class="canvas"></div>
        <p class="chosen" aria-live="polite"><span>Choose an event to read about it.</span></p>
        <ul class="looks" aria-label="Legend">${this.legend()}</ul>
      </section>
      <div class="halves">
        <section aria-labelledby="log-title">
          <div class="tools"><h2 id="log-title">Events</h2>
          <input type="search" class="narrow" placeholder="Filter events" aria-label="Filter events" autocomplete="off" spellcheck="false"></div>
          <ol class="log" tabindex="0" aria-labelledby="log-title">${run.events.map((event, seq) => this.event(event, seq)).join("")}</ol>
        </section>
        <section aria-labelledby="source-title">
          <div class="tools"><h2 id="source-title">Scenario</h2><span class="hint">${escaped(run.path)}</span></div>
          ${run.source.length ? `<ol class="source" tabindex="0" aria-labelledby="source-title">${this.source()}</ol>` : `<p class="hint">The file is not there any more.</p>`}
        </section>
      </div>
      <section aria-labelledby="checks-title">
        <h2 id="checks-title">Checks and laws</h2>
        <div class="scroll"><table class="plain">
          <thead><tr><th scope="col">Check</th><th scope="col">Verdict</th><th scope="col">Expected</th><th scope="col">Seen</th><th scope="col" class="number">Line</th></tr></thead>
          <tbody>${run.checks.map((check) => this.check(check)).join("")}
          ${run.laws.map(([name, state, reason]) => `<tr><th scope="row">${escaped(name)}</th><td><span class="state ${state}">${state === "idle" ? "not tested" : state}</span></td><td colspan="3">${escaped(reason)}</td></tr>`).join("")}</tbody>
        </table></div>
      </section>`;
  }

  problem(problem, at) {
    const { run } = this;
    const text = run.source[problem.line - 1];
    return `<article class="problem ${problem.outcome}" id="problem-${at}">
      <div><h3>${escaped(problem.check)}</h3>
      <p>${escaped(problem.reason)}</p></div>
      ${problem.expected || problem.seen ? `<dl class="versus"><div><dt>expected</dt><dd>${escaped(problem.expected)}</dd></div><div><dt>seen</dt><dd>${escaped(problem.seen) || "nothing"}</dd></div></dl>` : ""}
      ${text === undefined ? "" : `<pre class="excerpt"><span>${problem.line}</span>${escaped(text)}</pre>`}
      <p class="links"><button type="button" data-line="${problem.line}">Line ${problem.line}</button>
      ${problem.at === null ? "" : `<button type="button" data-seq="${problem.at}">Show on the timeline at ${duration(run.events[problem.at][0])}</button>`}</p>
    </article>`;
  }

  // What of a very long run is not on the page.
  cut() {
    const [begin, total] = this.run.shown;
    const count = this.run.events.length;
    if (count === total) return "";
    return `<p class="cut">Events ${begin + 1} to ${begin + count} of ${total}; the rest is in the trace, for <code>chaos report --perfetto</code>.</p>`;
  }

  legend() {
    const used = new Set(this.run.looks);
    return Object.entries(LOOKS)
      .filter(([look]) => used.has(look))
      .map(([look, words]) => `<li><i class="swatch ${look}"></i>${words}</li>`)
      .join("");
  }

  event([time, actor, kind, text], seq) {
    const { run } = this;
    const same = seq && run.events[seq - 1][0] === time;
    return `<li class="k-${run.kinds[kind]}" data-s="${seq}"><time${same ? ' class="same"' : ""}>${duration(time)}</time><b>${escaped(run.actors[actor])}</b><span>${escaped(text)}</span></li>`;
  }

  source() {
    const { run } = this;
    const at = new Map();
    for (const check of run.checks) at.set(check.line, [...(at.get(check.line) || []), check]);
    for (const problem of run.problems) {
      const known = at.get(problem.line) || [];
      if (!known.some((check) => check.check === problem.check)) at.set(problem.line, [...known, problem]);
    }
    return run.source.map((text, index) => {
      const checks = at.get(index + 1) || [];
      const bad = checks.filter((check) => check.outcome !== "passed");
      const state = bad.some((check) => check.outcome === "failed") ? "failed" : bad.length ? "inconclusive" : checks.length ? "passed" : "";
      const notes = bad.map((check) => `<em class="${check.outcome}">${escaped(check.check)}: expected ${escaped(check.expected) || "otherwise"}, seen ${escaped(check.seen) || "nothing"}</em>`);
      return `<li class="${state}" data-line="${index + 1}"><code>${yaml(text) || " "}</code>${notes.join("")}</li>`;
    }).join("");
  }

  check(check) {
    return `<tr><th scope="row">${escaped(check.check)}</th><td><span class="state ${check.outcome}">${check.outcome}</span></td><td><code>${escaped(check.expected)}</code></td><td><code>${escaped(check.seen)}</code></td><td class="number"><button type="button" class="link" data-line="${check.line}">${check.line}</button></td></tr>`;
  }

  // An event was chosen: say it, find it in the list, and mark the step's line.
  show(seq) {
    const { run } = this;
    const [time, actor, , text] = run.events[seq];
    this.box.querySelector(".chosen").innerHTML = `<time>${duration(time)}</time> <b>${escaped(run.actors[actor])}</b> <span>${escaped(text)}</span>`;
    for (const old of this.box.querySelectorAll(".here")) old.classList.remove("here");
    const row = this.rows.children[seq];
    row.classList.add("here");
    within(this.rows, row);
    const step = run.steps.filter(([first]) => first <= seq).pop();
    const line = step && this.lines && this.lines.children[step[1] - 1];
    if (line) {
      line.classList.add("here");
      within(this.lines, line);
    }
    history.replaceState(null, "", `#${run.name}/${seq}`);
  }

  listen() {
    this.box.addEventListener("click", (event) => {
      const target = event.target.closest("button, .log li");
      if (!target) return;
      const { seq, line, axis, zoom, copy, s } = target.dataset;
      if (s !== undefined) this.timeline.choose(Number(s));
      if (seq !== undefined) {
        this.timeline.choose(Number(seq));
        this.timeline.svg.focus({ preventScroll: true });
        this.timeline.box.scrollIntoView({ block: "center" });
      }
      if (line !== undefined && this.lines) this.toLine(Number(line));
      if (axis) {
        for (const each of this.box.querySelectorAll("[data-axis]")) each.setAttribute("aria-pressed", each === target);
        this.timeline.use(axis);
      }
      if (zoom === "fit") this.timeline.fit();
      else if (zoom) this.timeline.zoom(zoom === "in" ? 1.6 : 1 / 1.6);
      if (copy) copyText(copy, target);
    });
    this.box.querySelector(".narrow").addEventListener("input", (event) => {
      const wanted = event.target.value.toLowerCase();
      for (const row of this.rows.children) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
  }

  toLine(number) {
    for (const old of this.lines.querySelectorAll(".here")) old.classList.remove("here");
    const line = this.lines.children[number - 1];
    line.classList.add("here");
    line.scrollIntoView({ block: "center" });
  }

  nextFailure() {
    const marks = this.timeline.marks.map((problem) => problem.at).sort((a, b) => a - b);
    if (!marks.length) return;
    const after = marks.find((at) => at > (this.timeline.chosen ?? -1));
    this.timeline.choose(after ?? marks[0]);
  }
}

// Scroll a list so that one of its rows shows, without moving the page.
function within(list, row) {
  const top = row.offsetTop - list.offsetTop;
  if (top < list.scrollTop + 20 || top > list.scrollTop + list.clientHeight - 50) {
    list.scrollTop = top - list.clientHeight / 3;
  }
}

// Keys and comments of YAML, told apart from the rest.
function yaml(text) {
  const comment = text.match(/(^|\s)#.*$/);
  const code = comment ? text.slice(0, comment.index) : text;
  const keys = escaped(code).replace(/(^\s*(?:- )?|[{,]\s*)([\w.$-]+)(?=:(?:\s|$))/g, "$1<b>$2</b>");
  return comment ? `${keys}<i>${escaped(comment[0])}</i>` : keys;
}

// Pages opened from a file may not use the clipboard everywhere; then the text is selected.
function copyText(text, button) {
  const done = () => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  const select = () => getSelection().selectAllChildren(button.previousElementSibling);
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, select);
  else select();
}
