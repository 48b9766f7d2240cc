// Small things in words: durations, escaped text, what a look means.

const GROUPS = {
  steps: "script",
  faults: "faults",
  users: "users",
  calls: "upstreams",
  breaker: "breaker",
  index: "index",
};

// What each look of an item means, in the order in which the legend shows them.
const LOOKS = {
  step: "a step",
  action: "done to the service",
  clock: "the wall clock jumps",
  fault: "a fault is armed",
  touched: "it touches a call",
  good: "answered as well as it can",
  answered: "answered",
  lesser: "answered in a lesser mode",
  error: "ended in an error",
  unanswered: "never answered",
  stale: "from a stale copy",
  ok: "call: well",
  bent: "call: well, but for a fault",
  limited: "call: rate limited",
  client: "call: refused (4xx)",
  server: "call: server error",
  lost: "call: no response",
  wait: "wait",
  given_up: "given up",
  closed: "breaker closed",
  open: "breaker open",
  half_open: "half open",
  counted: "a failure counts",
  refused: "call refused",
  fresh: "index fresh",
  absent: "no index",
  updated: "refreshed",
  unchanged: "looked for, unchanged",
  failed: "refresh failed",
  quarantined: "copy quarantined",
};

function escaped(text) {
  return String(text).replace(
    /[&<>"']/g,
    (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[sign],
  );
}

// Like the durations of scenario files, to the millisecond: 250ms, 15.5s, 1m33.136s, 5h4s.
function duration(microseconds) {
  let rest = Math.round(microseconds / 1000);
  if (rest === 0) return "0s";
  if (rest < 1000) return `${rest}ms`;
  let text = "";
  for (const [unit, size] of [["d", 86400000], ["h", 3600000], ["m", 60000]]) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) text += count + unit;
  }
  return rest || !text ? `${text}${rest / 1000}s` : text;
}

function element(id) {
  return document.getElementById(id);
}
