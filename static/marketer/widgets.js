// The widget editor: the preview follows every change, phone and dark page on demand, the line is copied by one press.
const form = document.querySelector("[data-widget-form]");
const frame = document.querySelector("[data-preview]");
const stage = frame?.parentElement;
let ground = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
let timer = 0;

function look() {
  const chosen = new URLSearchParams(new FormData(form));
  chosen.delete("csrf_token");
  chosen.set("ground", ground);
  return `${frame.dataset.preview}?${chosen}`;
}

function show() {
  const address = look();
  if (frame.getAttribute("src") !== address) frame.contentWindow.location.replace(new URL(address, location.href));
}

if (form && frame) {
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 250);
    if (form.elements.own_accent) form.elements.accent.disabled = !form.elements.own_accent.checked;
  });
  for (const button of document.querySelectorAll("[data-width], [data-ground]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const kind = button.dataset.width ? "width" : "ground";
      for (const other of document.querySelectorAll(`[data-${kind}]`)) other.setAttribute("aria-pressed", String(other === button));
      if (kind === "width") stage.classList.toggle("is-phone", button.dataset.width === "phone");
      else { ground = button.dataset.ground; show(); }
    });
  }
  for (const button of document.querySelectorAll("[data-ground]")) button.setAttribute("aria-pressed", String(button.dataset.ground === ground));
  show();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    const words = button.querySelector("span") ?? button;
    const before = words.textContent;
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      field.select();
      document.execCommand("copy");
    }
    words.textContent = button.dataset.copied;
    setTimeout(() => { words.textContent = before; }, 2000);
  });
}
