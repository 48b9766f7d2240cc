"use strict";

const $ = (id) => document.getElementById(id);
const form = $("form"), question = $("question"), send = $("send"), answer = $("answer");

// Without HTML of its own, as the server renders articles: an answer cannot bring a script along.
const markdown = window.markdownit("commonmark", { html: false }).enable(["table", "strikethrough"]);
markdown.renderer.rules.image = (tokens, at) => markdown.utils.escapeHtml(tokens[at].content);
markdown.core.ruler.push("lower-headings", (state) => {
  // Below the heading of the answer. Whatever a model begins with, the page keeps its order.
  for (const token of state.tokens) {
    if (token.type.startsWith("heading_")) token.tag = "h" + Math.min(6, Number(token.tag[1]) + 1);
  }
});

const STATE_EVERY_MS = 15_000;
const TRIES_WHEN_BUSY = 3;

let asking = null;

function make(tag, text, name) {
  const node = document.createElement(tag);
  node.textContent = text;
  if (name) node.className = name;
  return node;
}

function announce(text) {
  $("announce").textContent = text;
}

function clear() {
  for (const id of ["asked", "notes", "answer", "begun", "sources", "facts"]) $(id).replaceChildren();
  for (const id of ["partial", "articles", "details"]) $(id).hidden = true;
  $("details").open = $("partial").open = false;
}

function write(text, into) {
  into.innerHTML = markdown.render(text);
}

function notes(reply) {
  const found = [];
  if (reply.mode === "llm") found.push(["Written by the assistant", "good"]);
  else if (reply.sources.length) found.push(["From the help desk's articles", "good"]);
  if (reply.stale) found.push(["Articles may be out of date", ""]);
  if (reply.truncated) found.push(["Cut short: ask for the rest", ""]);
  return found.map(([text, name]) => make("li", text, name));
}

function link(id, title) {
  const item = document.createElement("li"), anchor = make("a", title);
  anchor.href = "articles/" + encodeURIComponent(id);
  anchor.target = "_blank";
  anchor.append(make("span", " (opens in a new tab)", "unseen"));
  item.append(anchor);
  return item;
}

function facts(pairs) {
  return pairs.flatMap(([name, value]) => [make("dt", name), make("dd", String(value))]);
}

function show(reply, begun, took, requestId) {
  $("notes").replaceChildren(...notes(reply));
  write(reply.text, answer);
  if (reply.mode !== "llm" && begun) {
    write(begun, $("begun"));
    $("partial").hidden = false;
  }
  $("sources").replaceChildren(...reply.sources.map((id, at) => link(id, reply.titles[at] ?? id)));
  $("articles").hidden = reply.sources.length === 0;
  $("facts").replaceChildren(...facts([
    ["Mode", reply.mode], ["Reason", reply.reason ?? "none"], ["Index", reply.index_state],
    ["Articles", reply.sources.join(", ") || "none"],
    ["Time", `${(took / 1000).toFixed(1)} s`], ["Request", requestId ?? "unknown"],
  ]));
  $("details").hidden = false;
}

function tell(text) {
  answer.replaceChildren(make("p", text));
}

// Yields [event, data] for each event of a stream.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const fields = new Map(part.split("\n").map((line) => {
        const at = line.indexOf(":");
        return [line.slice(0, at), line.slice(at + 2)];
      }));
      if (fields.has("data")) yield [fields.get("event"), JSON.parse(fields.get("data"))];
    }
  }
}

function wait(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

async function post(text, signal) {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch("ask/stream", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question: text }),
      signal,
    });
    if (response.status !== 429 || tries === TRIES_WHEN_BUSY) return response;
    const seconds = Number(response.headers.get("Retry-After")) || 5;
    tell(`Many people are asking at the moment. Your question is asked again in ${seconds} seconds.`);
    announce($("answer").textContent);
    await wait(seconds + Math.random(), signal);
  }
}

async function ask(text, signal) {
  const started = performance.now();
  const response = await post(text, signal);
  if (!response.ok) {
    tell((await response.json()).detail);
    announce(answer.textContent);
    return;
  }
  let begun = "";
  for await (const [event, data] of events(response.body)) {
    if (event === "token") {
      begun += data.text;
      write(begun, answer);
    } else if (event === "answer") {
      show(data, begun, performance.now() - started, response.headers.get("X-Request-ID"));
      announce(data.mode === "llm" || !data.sources.length
        ? "The answer is complete." : "The answer comes from the articles.");
      return;
    }
  }
  throw new Error("the stream ended without an answer");
}

function setAsking(controller) {
  asking = controller;
  send.textContent = controller ? "Stop" : "Ask";
  $("result").setAttribute("aria-busy", String(Boolean(controller)));
  answer.classList.toggle("writing", Boolean(controller));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (asking) {
    asking.abort();
    return;
  }
  const controller = new AbortController();
  clear();
  $("asked").textContent = question.value.trim();
  $("result").hidden = false;
  setAsking(controller);
  $("heading").focus({ preventScroll: true });
  announce("The answer is being written.");
  try {
    await ask(question.value, controller.signal);
  } catch (error) {
    if (error.name === "AbortError") {
      answer.append(make("p", "Stopped. What is above is not complete.", "hint"));
      announce("Stopped.");
    } else {
      clear();
      tell(`The help desk cannot be reached. Please try again, or contact ${form.dataset.contact}.`);
      announce(answer.textContent);
    }
  } finally {
    setAsking(null);
    showState();
  }
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !asking) form.requestSubmit();
});

async function showState() {
  const state = $("state");
  let name = "warn", text = "The help desk cannot be reached";
  try {
    const { assistant, index } = await (await fetch("status")).json();
    const isUp = assistant.synthesis_available;
    text = isUp ? "The assistant is here" : "The assistant is away; articles are quoted";
    if (index.state === "absent" && !isUp) text = "The assistant is away, and so are the articles";
    name = isUp ? "good" : "warn";
  } catch { /* What is to be said then is said already. */ }
  // Said again, it would be announced again.
  if (state.textContent !== text) state.textContent = text;
  state.className = name;
}

setInterval(() => { if (!document.hidden) showState(); }, STATE_EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) showState(); });
showState();
