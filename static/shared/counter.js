// Counts characters under text areas: <span data-counter="field-id" data-max="1000">. The server has the last word.
for (const counter of document.querySelectorAll("[data-counter]")) {
  const field = document.getElementById(counter.dataset.counter);
  const max = Number(counter.dataset.max);
  if (!field || !max) continue;
  const show = () => {
    const used = [...field.value].length;
    counter.textContent = `${used} / ${max}`;
    counter.dataset.state = used > max ? "over" : "within";
  };
  field.addEventListener("input", show);
  show();
}
