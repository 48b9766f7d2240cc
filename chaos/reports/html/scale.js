// From events to positions on the page.
//
// Virtual time is lumpy: ten calls at one instant, then an hour of nothing. On a true axis the ten
// lie on top of each other. So by default half of the width goes to events, in equal parts, and
// half to the time between them: everything can be told apart, and long is still longer.

const LAST_LABEL = 54;

class Scale {
  constructor(times, kind) {
    this.times = times;
    this.count = times.length;
    this.zoom = 1;
    this.offset = 0;
    this.width = 800;
    this.use(kind);
  }

  use(kind) {
    // The page of a very long run holds a part of it, which need not begin at 0.
    const begin = this.times[0] || 0;
    const end = (this.times[this.count - 1] || 0) - begin;
    const steps = Math.max(1, this.count - 1);
    // Where no time passes at all, a true axis would be a single point.
    this.kind = end ? kind : "even";
    const share = this.kind === "time" ? 0 : end ? 0.5 : 1;
    this.shares = this.times.map(
      (time, seq) => share * (seq / steps) + (end ? (1 - share) * ((time - begin) / end) : 0),
    );
  }

  // Pixels from the left edge of the drawing; may lie outside of it.
  x(seq) {
    return (this.shares[seq] - this.offset) * this.zoom * this.width;
  }

  // The event nearest to a position.
  nearest(x) {
    const share = x / (this.zoom * this.width) + this.offset;
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.shares[middle] < share) low = middle + 1;
      else high = middle;
    }
    const before = Math.max(0, low - 1);
    return share - this.shares[before] < this.shares[low] - share ? before : low;
  }

  // Zoom by a factor around a position, which stays where it is.
  zoomAt(factor, x) {
    const share = x / (this.zoom * this.width) + this.offset;
    const most = Math.max(20, (this.count * 40) / this.width);
    this.zoom = Math.min(most, Math.max(1, this.zoom * factor));
    this.moveTo(share - x / (this.zoom * this.width));
  }

  moveBy(pixels) {
    this.moveTo(this.offset + pixels / (this.zoom * this.width));
  }

  moveTo(offset) {
    this.offset = Math.min(1 - 1 / this.zoom, Math.max(0, offset));
  }

  fit() {
    this.zoom = 1;
    this.offset = 0;
  }

  // Bring an event into view, if it is not.
  reveal(seq) {
    const x = this.x(seq);
    if (x < 20 || x > this.width - 20) this.moveBy(x - this.width / 2);
  }

  // The first event of each instant that has room for a label.
  ticks(room) {
    const found = [];
    let free = -Infinity;
    for (let seq = 0; seq < this.count; seq += 1) {
      if (seq && this.times[seq] === this.times[seq - 1]) continue;
      const x = this.x(seq);
      // At the right edge a label ends at its place; elsewhere it begins there.
      const left = x > this.width - LAST_LABEL ? x - LAST_LABEL : x;
      if (x < 0 || left < free || x > this.width) continue;
      found.push([seq, x]);
      free = x + room;
    }
    return found;
  }
}
