// The preview follows what is typed, links can be copied, colours can be picked. Everything else is plain forms.
import "./copy.js";

const PAUSE = 250;

for (const field of document.querySelectorAll("[data-colour]")) {
  const row = document.createElement("div");
  const picker = document.createElement("input");
  row.className = "colour-choice";
  picker.type = "color";
  picker.value = field.value || field.dataset.colour;
  picker.setAttribute("aria-label", field.labels[0].textContent);
  field.replaceWith(row);
  row.append(picker, field);
  picker.addEventListener("input", () => { field.value = picker.value; });
  field.addEventListener("input", () => { if (/^#[0-9a-f]{6}$/i.test(field.value)) picker.value = field.value; });
}

const editor = document.querySelector("[data-editor]");
const button = document.querySelector("[data-preview-button]");
if (editor) follow(editor, button);

function follow(form, previewButton) {
  const frame = form.querySelector("[data-preview]");
  const look = form.querySelector("[data-look-choice]");
  const status = form.querySelector("[data-preview-status]");
  if (!previewButton) {
    look.addEventListener("change", () => {
      const address = new URL(frame.src);
      address.searchParams.set("look", look.value);
      frame.contentWindow.location.replace(address);
    });
    return;
  }
  let waiting = 0;
  let newest = 0;
  previewButton.hidden = true;
  status.textContent = status.dataset.live;

  const refresh = async () => {
    const turn = ++newest;
    try {
      const answer = await fetch(previewButton.formAction, { method: "POST", body: new FormData(form) });
      const page = await answer.text();
      if (!answer.ok) throw new Error(String(answer.status));
      if (turn === newest) show(frame, page);
      status.textContent = status.dataset.live;
    } catch {
      status.textContent = status.dataset.lost;
    }
  };

  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, PAUSE);
  };

  form.addEventListener("input", soon);
  form.addEventListener("focusin", (event) => {
    const wanted = event.target.dataset.look;
    if (!wanted || wanted === look.value) return;
    look.value = wanted;
    soon();
  });
  if (look.value !== look.options[0].value) soon();
}

// Only the body is exchanged: no flicker, no entry in the history, the style sheets stay.
function show(frame, page) {
  const fresh = new DOMParser().parseFromString(page, "text/html");
  const shown = frame.contentDocument;
  shown.documentElement.lang = fresh.documentElement.lang;
  const known = new Set([...shown.querySelectorAll("link[rel=stylesheet]")].map((link) => link.getAttribute("href")));
  for (const link of fresh.querySelectorAll("link[rel=stylesheet]")) {
    if (!known.has(link.getAttribute("href"))) shown.head.append(shown.adoptNode(link));
  }
  shown.body.className = fresh.body.className;
  shown.body.replaceChildren(...[...fresh.body.childNodes].map((node) => shown.adoptNode(node)));
}
