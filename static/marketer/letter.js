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

function look() {
  const former = stage.querySelector("iframe");
  const frame = former.cloneNode();
  frame.removeAttribute("src");
  if (button) {
    former.removeAttribute("name");
    former.after(frame);
    form.requestSubmit(button);
  } else {
    const address = new URL(former.dataset.saved, location.href);
    for (const choice of form.querySelectorAll("[data-choice]")) address.searchParams.set(choice.name, choice.value);
    frame.src = address;
    former.after(frame);
  }
  former.remove();
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
  if (matchMedia("(prefers-color-scheme: dark)").matches) {
    ground.value = "dark";
    soon();
  }
}
