// Shows at once how the author appears, copies the personal link, and sends a form only once. The page works without it.

const firsts = (name) =>
  name.split(/\s+/).map((part) => [...part].find((letter) => /[\p{L}\p{N}]/u.test(letter)))
    .filter(Boolean).map((letter) => [...letter.toUpperCase()][0]);

const faces = {
  full_name: (name) => name,
  first_name: (name) => name.split(" ")[0],
  initials: (name) => firsts(name).map((letter) => `${letter}.`).join(" "),
  anonymous: () => "",
};

function monogram(shown) {
  const letters = firsts(shown);
  return letters.length > 1 ? letters[0] + letters[letters.length - 1] : letters.join("");
}

function followAuthor(preview) {
  const form = preview.closest("form");
  const typed = (name) => form.elements[name].value.split(/\s+/).filter(Boolean).join(" ");
  const show = (part, words) => { preview.querySelector(`[data-preview-${part}]`).textContent = words; };
  const draw = () => {
    const name = typed("name");
    for (const face of form.querySelectorAll("[data-face]")) {
      if (face.dataset.face !== "anonymous") face.textContent = faces[face.dataset.face](name);
    }
    const way = form.elements.attribution.value || "full_name";
    const shown = faces[way](name);
    show("name", shown || preview.dataset.anonymous);
    show("initials", monogram(shown));
    show("role", way === "anonymous" ? "" : [typed("role"), typed("organisation")].filter(Boolean).join(", "));
  };
  form.addEventListener("input", draw);
  draw();
}

function showPhoto(input) {
  const box = input.closest(".field");
  const error = box.querySelector("[data-photo-error]");
  const say = (words) => { error.textContent = words; error.hidden = !words; };
  input.addEventListener("change", () => {
    const file = input.files[0];
    say("");
    box.querySelector("#photo-error")?.remove();
    input.removeAttribute("aria-invalid");
    box.querySelectorAll("[data-photo-now]:not([src^='/'])").forEach((old) => old.remove());
    if (!file) return;
    if (file.size > Number(input.dataset.max)) {
      say(input.dataset.tooLarge);
      input.value = "";
      return;
    }
    const image = new Image(72, 72);
    image.className = "photo-now";
    image.alt = "";
    image.dataset.photoNow = "";
    // A browser that cannot read the format shows nothing here; the server can.
    image.addEventListener("load", () => {
      box.querySelectorAll("[data-photo-now]").forEach((old) => { if (old !== image) old.hidden = true; });
      box.querySelector(".photo").prepend(image);
    });
    image.src = URL.createObjectURL(file);
  });
}

function offerCopy(row) {
  const input = row.querySelector("input");
  const button = row.querySelector("button");
  button.hidden = false;
  input.addEventListener("focus", () => input.select());
  button.addEventListener("click", async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      document.execCommand("copy");
    }
    button.querySelector("span").textContent = row.dataset.copied;
  });
}

function sendOnce(button) {
  const words = button.textContent;
  button.form.addEventListener("submit", (event) => {
    if (event.submitter?.name) return; // such as the one that removes the photo
    if (button.getAttribute("aria-disabled") === "true") return event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.sending;
  });
  // Coming back by the browser's own button, the page may be as it was left.
  addEventListener("pageshow", () => {
    button.removeAttribute("aria-disabled");
    button.textContent = words;
  });
}

document.querySelectorAll("[data-preview]").forEach(followAuthor);
document.querySelectorAll("[data-photo]").forEach(showPhoto);
document.querySelectorAll("[data-copy]").forEach(offerCopy);
document.querySelectorAll("[data-sending]").forEach(sendOnce);
