// The browser's own colour picker beside the written colour; each follows the other.
for (const picker of document.querySelectorAll("[data-colour-for]")) {
  const written = document.getElementById(picker.dataset.colourFor);
  if (!written || written.disabled) continue;
  picker.hidden = false;
  picker.addEventListener("input", () => { written.value = picker.value; });
  written.addEventListener("input", () => {
    if (/^#[0-9a-f]{6}$/i.test(written.value)) picker.value = written.value;
  });
}
