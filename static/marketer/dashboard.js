// Values under the pointer and the arrow keys; a filter that applies itself. Without this file the page says the same.
const chart = document.querySelector("[data-chart]");
const form = document.querySelector("[data-filters]");

if (form) {
  form.querySelector("[data-filter-button]").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
}

if (chart) {
  const tip = chart.querySelector("[data-tip]");
  for (const drawing of chart.querySelectorAll("svg")) prepare(drawing, tip);
}

function prepare(drawing, tip) {
  const marks = [...drawing.querySelectorAll(".mark")];
  const guide = drawing.querySelector(".chart-guide");
  if (!marks.length) return;
  for (const mark of marks) mark.querySelector("title").remove();
  marks.at(-1).setAttribute("tabindex", "0");

  const show = (mark) => {
    for (const other of marks) other.toggleAttribute("data-near", other === mark);
    guide.setAttribute("x1", mark.dataset.x);
    guide.setAttribute("x2", mark.dataset.x);
    guide.setAttribute("visibility", "visible");
    for (const part of ["score", "name", "answers"]) tip.querySelector(`[data-tip-${part}]`).textContent = mark.dataset[part];
    tip.hidden = false;
    const scale = drawing.clientWidth / drawing.viewBox.baseVal.width;
    const left = Number(mark.dataset.x) * scale - tip.offsetWidth / 2;
    const widest = drawing.clientWidth - tip.offsetWidth;
    const above = Number(mark.dataset.y) * scale - tip.offsetHeight - 16;
    const top = above < 0 ? Number(mark.dataset.y) * scale + 16 : above;
    tip.style.transform = `translate(${Math.max(0, Math.min(left, widest))}px, ${top}px)`;
  };

  const hide = () => {
    tip.hidden = true;
    guide.setAttribute("visibility", "hidden");
    for (const mark of marks) mark.removeAttribute("data-near");
  };

  drawing.addEventListener("pointermove", (event) => {
    const x = ((event.clientX - drawing.getBoundingClientRect().left) / drawing.clientWidth) * drawing.viewBox.baseVal.width;
    const distance = (mark) => Math.abs(Number(mark.dataset.x) - x);
    show(marks.reduce((nearest, mark) => (distance(mark) < distance(nearest) ? mark : nearest)));
  });
  drawing.addEventListener("pointerleave", hide);
  drawing.addEventListener("focusin", (event) => show(event.target.closest(".mark")));
  drawing.addEventListener("focusout", hide);
  drawing.addEventListener("keydown", (event) => {
    const here = marks.indexOf(event.target.closest(".mark"));
    const next = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: marks.length - 1 }[event.key];
    if (event.key === "Escape") hide();
    if (next === undefined || !marks[next]) return;
    event.preventDefault();
    marks[here].setAttribute("tabindex", "-1");
    marks[next].setAttribute("tabindex", "0");
    marks[next].focus();
  });
}
