// The letter beside its words follows what is typed. Each look is a frame of its own: it runs nothing, and it leaves no
// entry in the history, as sending a form into the same frame again and again would.
const PAUSE = 300;
const form = document.querySelector("[data-letter]");
const stage = document.querySelector(".letter-stage");
const button = document.querySelector("[data-preview-button]");
const width = document.querySelector("[data-width]");
const status = document.querySelector("[data-status]");
const part = document.getElementById("part");
let waiting = 0;
let turn = 0;

function look() {
  const [shown, ...late] = stage.querySelectorAll("iframe");
  for (const frame of late) frame.remove();
  const coming = shown.cloneNode();
  coming.removeAttribute("src");
  coming.name = `letter-preview-${++turn}`;
  coming.hidden = true;
  shown.after(coming);
  coming.addEventListener("load", () => {
    coming.hidden = false;
    shown.remove();
  }, { once: true });
  if (button) {
    button.formTarget = coming.name;
    form.requestSubmit(button);
    return;
  }
  const address = new URL(coming.dataset.saved, location.href);
  for (const choice of form.querySelectorAll("[data-choice]")) address.searchParams.set(choice.name, choice.value);
  coming.src = address;
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(look, PAUSE);
}

if (form) {
  if (button) {
    button.hidden = true;
    status.textContent = status.dataset.live;
  }
  width.hidden = false;
  width.addEventListener("input", (event) => {
    event.stopPropagation();
    stage.classList.toggle("is-phone", event.target.value === "phone");
  });
  form.addEventListener("input", soon);
  form.addEventListener("focusin", (event) => {
    const wanted = event.target.dataset.part;
    if (!part || !wanted || wanted === part.value) return;
    part.value = wanted;
    soon();
  });
  const ground = document.getElementById("ground");
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  if (isDark) ground.value = "dark";
  if (isDark || "unsaved" in form.dataset) soon();
}
