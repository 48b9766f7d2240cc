// The picture of one run: lanes over virtual time, as SVG made anew whenever the view changes.

const GUTTER = 132;
const AXIS = 26;
const HEIGHTS = { steps: 20, faults: 16, users: 16, calls: 16, breaker: 18, index: 18 };
const GAP = 9;
const LETTER = 6.1;
const SMALLEST = 2;

class Timeline {
  // `told` is called with the number of the event that was chosen.
  constructor(box, run, told) {
    this.box = box;
    this.run = run;
    this.told = told;
    this.scale = new Scale(run.events.map((event) => event[0]), "even");
    this.chosen = null;
    this.marks = run.problems.filter((problem) => problem.at !== null);
    this.lay();
    box.innerHTML = `<svg class="picture" tabindex="0" role="application" aria-roledescription="timeline"
      aria-label="Timeline of ${escaped(run.name)}: ${run.events.length} events on ${run.lanes.length} lanes. Left and right arrow go from event to event."></svg>`;
    this.svg = box.firstChild;
    this.listen();
    this.resize();
  }

  // Where each lane lies, from top to bottom.
  lay() {
    let top = AXIS + 6;
    let group = null;
    this.rows = this.run.lanes.map((lane) => {
      if (group !== null && lane.group !== group) top += GAP;
      const row = { ...lane, top, height: HEIGHTS[lane.group], first: lane.group !== group };
      group = lane.group;
      top += row.height + 3;
      return row;
    });
    this.height = top + 8;
  }

  resize() {
    const whole = Math.max(320, this.box.clientWidth);
    this.gutter = whole < 560 ? 84 : GUTTER;
    this.scale.width = whole - this.gutter - 12;
    this.whole = whole;
    this.draw();
  }

  soon() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      this.draw();
    });
  }

  draw() {
    const { scale, height, gutter, whole } = this;
    const ticks = scale.ticks(74);
    const lines = ticks
      .map(([, x]) => `<line class="grid" x1="${x}" x2="${x}" y1="${AXIS - 4}" y2="${height - 6}"/>`)
      .join("");
    const labels = ticks
      .map(([seq, x]) => `<text class="tick" x="${x}" y="${AXIS - 9}"${x > scale.width - LAST_LABEL ? ' text-anchor="end"' : ""}>${duration(scale.times[seq])}</text>`)
      .join("");
    this.svg.setAttribute("viewBox", `0 0 ${whole} ${height}`);
    this.svg.setAttribute("height", height);
    this.svg.innerHTML = `
      <defs>
        <pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line class="stripe" x1="0" y1="0" x2="0" y2="5"/></pattern>
        <clipPath id="clip"><rect x="-3" y="0" width="${scale.width + 15}" height="${height}"/></clipPath>
      </defs>
      ${this.rows.map((row) => this.name(row)).join("")}
      <g transform="translate(${gutter} 0)" clip-path="url(#clip)">
        ${lines}${labels}
        ${this.rows.map((row, number) => this.items(row, number)).join("")}
        ${this.marks.map((problem, number) => this.flag(problem, number)).join("")}
        <line class="cursor" y1="${AXIS - 4}" y2="${height - 6}"/>
        ${this.thumb()}
      </g>`;
    this.point();
  }

  name(row) {
    const line = row.first && row.top > AXIS + 6
      ? `<line class="rule" x1="0" x2="${this.whole}" y1="${row.top - GAP / 2 - 1.5}" y2="${row.top - GAP / 2 - 1.5}"/>`
      : "";
    const room = Math.floor((this.gutter - 14) / LETTER);
    const short = row.label.length > room ? `${row.label.slice(0, room - 1)}…` : row.label;
    return `${line}<text class="lane" x="${this.gutter - 12}" y="${row.top + row.height / 2 + 4}">${escaped(short)}<title>${escaped(`${GROUPS[row.group]}: ${row.label}`)}</title></text>`;
  }

  items(row, number) {
    const { scale, run } = this;
    // Bars that fall into one pixel column look the same as one of them.
    const drawn = new Set();
    let out = `<rect class="track" x="0" width="${scale.width}" y="${row.top}" height="${row.height}"/>`;
    row.items.forEach(([first, last, lookAt, label, isMark], at) => {
      const from = scale.x(first);
      const to = isMark ? from : Math.max(from + SMALLEST, scale.x(last));
      if (to < -4 || from > scale.width + 4) return;
      if (to - from < 3) {
        const column = `${lookAt} ${isMark} ${Math.round(from / 2)}`;
        if (drawn.has(column)) return;
        drawn.add(column);
      }
      const look = run.looks[lookAt];
      out += isMark
        ? this.mark(row, look, from, `${number}.${at}`)
        : this.barOf(row, look, label, from, to, `${number}.${at}`);
    });
    return out;
  }

  barOf(row, look, label, from, to, key) {
    const left = Math.max(-2, from);
    const width = Math.max(SMALLEST, Math.min(this.scale.width + 2, to) - left - 1);
    // A wait is thinner: nothing happens in it.
    const inset = look === "wait" ? row.height / 2 - 3 : 0;
    const rect = `<rect class="item ${look}" data-i="${key}" x="${left.toFixed(1)}" y="${row.top + inset}" width="${width.toFixed(1)}" height="${row.height - 2 * inset}" rx="2"/>`;
    if (!label || look === "wait" || width < Math.min(label.length, 8) * LETTER + 12) return rect;
    const room = Math.floor((width - 12) / LETTER);
    const short = label.length > room ? `${label.slice(0, room - 1)}…` : label;
    // States begin with a mark now and then; their names keep clear of it.
    const indent = row.group === "breaker" || row.group === "index" ? 9 : 4;
    return `${rect}<text class="label ${look}" x="${(left + indent).toFixed(1)}" y="${row.top + row.height / 2 + 3.5}">${escaped(short)}</text>`;
  }

  mark(row, look, x, key) {
    const middle = row.top + row.height / 2;
    const at = x.toFixed(1);
    const hit = `data-i="${key}"`;
    switch (look) {
      case "touched":
        return `<line class="mark ${look}" ${hit} x1="${at}" x2="${at}" y1="${row.top + row.height - 6}" y2="${row.top + row.height}"/>`;
      case "refused":
        return `<path class="mark ${look}" ${hit} d="M${at} ${middle}m-3.5-3.5l7 7m0-7l-7 7"/>`;
      case "action":
      case "clock":
        return `<path class="mark ${look}" ${hit} d="M${at} ${middle}m-5 0l5-6l5 6l-5 6z"/>`;
      default:
        return `<circle class="mark ${look}" ${hit} cx="${at}" cy="${middle}" r="3.6"/>`;
    }
  }

  // A failure, at the moment at which it was decided.
  flag(problem, number) {
    const x = this.scale.x(problem.at);
    if (x < -4 || x > this.scale.width + 4) return "";
    return `<g class="flag ${problem.outcome}" data-flag="${number}"><line x1="${x}" x2="${x}" y1="${AXIS - 4}" y2="${this.height - 6}"/>
      <path d="M${x} ${AXIS - 5}m-6-9h12v6l-6 6l-6-6z"/><title>${escaped(`${problem.check}: ${problem.reason}`)}</title></g>`;
  }

  // Which part of the whole is in view.
  thumb() {
    if (this.scale.zoom === 1) return "";
    const { width, offset, zoom } = this.scale;
    return `<rect class="rail" x="0" y="${this.height - 4}" width="${width}" height="3" rx="1.5"/>
      <rect class="thumb" x="${offset * width}" y="${this.height - 4}" width="${Math.max(8, width / zoom)}" height="3" rx="1.5"/>`;
  }

  // Put the cursor on the chosen event.
  point() {
    const cursor = this.svg.querySelector(".cursor");
    const x = this.chosen === null ? -10 : this.scale.x(this.chosen);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
  }

  choose(seq, { reveal = true } = {}) {
    this.chosen = Math.min(this.run.events.length - 1, Math.max(0, seq));
    if (reveal) {
      const before = this.scale.offset;
      this.scale.reveal(this.chosen);
      if (before !== this.scale.offset) this.draw();
    }
    this.point();
    this.told(this.chosen);
  }

  zoom(factor, x = this.chosen === null ? this.scale.width / 2 : this.scale.x(this.chosen)) {
    this.scale.zoomAt(factor, Math.min(this.scale.width, Math.max(0, x)));
    this.soon();
  }

  fit() {
    this.scale.fit();
    this.soon();
  }

  use(kind) {
    this.scale.use(kind);
    this.soon();
  }

  listen() {
    const { svg, scale } = this;
    const at = (event) => event.clientX - svg.getBoundingClientRect().left - this.gutter;
    let held = null;
    svg.addEventListener("wheel", (event) => {
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        this.zoom(Math.exp(-event.deltaY / 240), at(event));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        // Up and down is the page's own.
        event.preventDefault();
        scale.moveBy(event.deltaX);
        this.soon();
      }
    }, { passive: false });
    svg.addEventListener("pointerdown", (event) => {
      held = { x: event.clientX, moved: false };
    });
    svg.addEventListener("pointermove", (event) => {
      if (held && event.buttons) {
        if (Math.abs(event.clientX - held.x) > 3) held.moved = true;
        if (held.moved) {
          svg.setPointerCapture(event.pointerId);
          scale.moveBy(held.x - event.clientX);
          held.x = event.clientX;
          hideTip();
          this.soon();
          return;
        }
      }
      this.hover(event);
    });
    svg.addEventListener("pointerup", (event) => {
      if (held && !held.moved) this.click(event, at(event));
      held = null;
    });
    svg.addEventListener("pointerleave", hideTip);
    svg.addEventListener("dblclick", (event) => this.zoom(2.5, at(event)));
    svg.addEventListener("keydown", (event) => this.key(event));
    svg.addEventListener("focus", () => {
      if (this.chosen === null) this.choose(this.marks.length ? this.marks[0].at : 0);
    });
  }

  click(event, x) {
    const flag = event.target.closest("[data-flag]");
    const item = event.target.closest("[data-i]");
    if (flag) this.choose(this.marks[flag.dataset.flag].at);
    else if (item) this.choose(this.itemOf(item)[0], { reveal: false });
    else if (x >= 0) this.choose(this.scale.nearest(x), { reveal: false });
  }

  itemOf(target) {
    const [row, at] = target.dataset.i.split(".");
    return this.rows[row].items[at];
  }

  hover(event) {
    const flag = event.target.closest("[data-flag]");
    const target = event.target.closest("[data-i]");
    if (flag) {
      const problem = this.marks[flag.dataset.flag];
      showTip(event, `<b>${escaped(problem.check)}</b><p>${escaped(problem.reason)}</p>`);
    } else if (target) {
      const [first, last, look, label] = this.itemOf(target);
      const name = LOOKS[this.run.looks[look]] || this.run.looks[look];
      const took = this.scale.times[last] - this.scale.times[first];
      const ends = first === last ? [first] : [first, last];
      showTip(event, `<b>${escaped(label || name)}</b> <span>${escaped(label ? name : "")}${took ? `, ${duration(took)}` : ""}</span>
        ${ends.map((seq) => `<p><time>${duration(this.scale.times[seq])}</time> ${escaped(this.run.events[seq][3])}</p>`).join("")}`);
    } else hideTip();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = this.chosen === null ? 0 : this.chosen;
    const actions = {
      ArrowRight: () => (event.shiftKey ? this.slide(80) : this.choose(now + 1)),
      ArrowLeft: () => (event.shiftKey ? this.slide(-80) : this.choose(now - 1)),
      Home: () => this.choose(0),
      End: () => this.choose(this.run.events.length - 1),
      "+": () => this.zoom(1.6),
      "=": () => this.zoom(1.6),
      "-": () => this.zoom(1 / 1.6),
      0: () => this.fit(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  slide(pixels) {
    this.scale.moveBy(pixels);
    this.soon();
  }
}

function showTip(event, html) {
  const tip = element("tip");
  tip.innerHTML = html;
  tip.hidden = false;
  const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
  const below = event.clientY + 18 + tip.offsetHeight < innerHeight;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${below ? event.clientY + 18 : event.clientY - tip.offsetHeight - 12}px`;
}

function hideTip() {
  element("tip").hidden = true;
}
