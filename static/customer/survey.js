// Sends the score as soon as a person chose it, and keeps trying while there is no connection. The form works without.
const form = document.querySelector("form[data-survey]");
const words = form.dataset;
const line = form.querySelector("[data-status]");
const button = form.querySelector("button[type=submit]");
const LONGEST_WAIT = 30000;
const LONGEST_REQUEST = 20000;

let saved = null; // { score, next }: what the server has
let wanted = null; // { score, act }: what is still on its way
let goesOn = false; // a person pressed something that means "next"
let busy = false;
let tries = 0;
let timer = 0;

const chosen = () => new FormData(form).get("score");

// In a frame of another page nothing is added to that page's history: one press of Back would do nothing there.
const go = (address) => (window.parent === window ? location.assign(address) : location.replace(address));

function say(state, text) {
  form.dataset.state = state;
  if (line.textContent !== text) line.textContent = text;
}

function send(act, onward) {
  const score = chosen();
  if (score === null) return say("refused", words.choose);
  goesOn ||= onward;
  if (saved?.score === score && !wanted) return goesOn ? go(saved.next) : undefined;
  wanted = { score, act };
  tries = 0;
  attempt();
}

async function attempt() {
  clearTimeout(timer);
  if (busy || !wanted) return;
  busy = true;
  const sending = wanted;
  if (!tries) say("sending", words.sending);
  const answer = await post(sending);
  busy = false;
  if (wanted !== sending) return attempt();
  if (!answer) return later();
  wanted = null;
  if (answer.next) return arrived(sending.score, answer.next);
  goesOn = false;
  if (answer.message) say("refused", answer.message);
}

async function post({ score, act }) {
  const body = new URLSearchParams(new FormData(form));
  body.set("score", score);
  body.set("act", act);
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      credentials: "omit",
      keepalive: true,
      signal: AbortSignal.timeout?.(LONGEST_REQUEST),
    });
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return null;
    return await told(answer);
  } catch {
    return null;
  }
}

// A refusal in words stays on this page; anything else that is final (the link has ended) has a page of its own.
async function told(answer) {
  const said = await answer.json().catch(() => ({}));
  if (!said.next && !said.message) HTMLFormElement.prototype.submit.call(form);
  return said;
}

function later() {
  say("waiting", words.waiting);
  timer = setTimeout(attempt, Math.min(LONGEST_WAIT, 1000 * 2 ** tries++) * (0.75 + Math.random() / 2));
}

function arrived(score, next) {
  saved = { score, next };
  if (goesOn) {
    go(next);
  } else {
    say("saved", words.saved);
    button.textContent = words.continue;
  }
}

// Who presses Send again while we keep trying may send as a page; the answer key makes it the same answer.
form.addEventListener("submit", (event) => {
  if (tries > 1 && wanted && navigator.onLine) {
    clearTimeout(timer);
    wanted = null;
    return;
  }
  event.preventDefault();
  send("send", true);
});

// A tap on a number is an answer. Arrow keys only move along the numbers (a click without a pointer): Send follows.
form.addEventListener("click", (event) => {
  const label = event.target.closest(".score-choice");
  if (label && event.isTrusted && event.detail > 0) setTimeout(() => send("choose", true));
});

addEventListener("online", attempt);
addEventListener("beforeunload", (event) => {
  if (wanted && tries) event.preventDefault();
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  goesOn = false;
  say("", "");
});

// A score that came with the link counts when a person is there: the first trusted act confirms it. Scripts of mail
// scanners can scroll, and then the browser calls the scroll event trusted, so scrolling is heard by its wheel,
// touch and keys. What was meant for something else on the page is left to that.
if (words.confirm === "gesture" && chosen() !== null) {
  const heard = new AbortController();
  const confirm = (event) => {
    const aimed = event.target instanceof Element && event.target.closest("form, a, button, summary");
    if (!event.isTrusted || aimed || saved) return;
    if (event.type === "keydown" && (event.isComposing || ["Shift", "Control", "Alt", "Meta", "Escape"].includes(event.key))) return;
    const onward = event.type === "click" || event.key === "Enter" || event.key === " ";
    if (onward) heard.abort();
    send("gesture", onward);
  };
  for (const kind of ["pointerdown", "touchstart", "wheel", "keydown", "click"]) {
    addEventListener(kind, confirm, { capture: true, passive: true, signal: heard.signal });
  }
}
