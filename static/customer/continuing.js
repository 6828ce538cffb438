// The step that offers to go on with what is still here. It says what there is; video.js does what is chosen.

import { day, clock, fill, say } from "./saying.js";
import { setMedium, show } from "./stages.js";

const root = document.getElementById("recorder");
const at = (id) => document.getElementById(id);
const step = root.querySelector('[data-step="continue"]');

/** Offer it; `canRecord` says whether there is time left and a camera to go on with. */
export function offer(found, canRecord) {
  setMedium(Boolean(found.isAudio));
  for (const part of step.querySelectorAll("[data-found]")) part.hidden = !part.dataset.found.split(" ").includes(found.kind);
  for (const line of step.querySelectorAll("[data-words]")) {
    fill(line, { length: clock(found.seconds ?? 0), day: found.at ? day(found.at) : "" });
  }
  at("continue-recording").hidden ||= !canRecord;
  at("watch").classList.toggle("button-primary", at("continue-recording").hidden);
  if (found.kind === "finished") at("go-on").href = found.upload.location;
  disarm();
  show("continue", "continue-title");
}

function arm(armed) {
  const button = at("delete");
  button.toggleAttribute("data-armed", armed);
  button.classList.toggle("button-danger", armed);
  button.classList.toggle("button-danger-quiet", !armed);
  button.querySelector('[data-word="delete"]').hidden = armed;
  button.querySelector('[data-word="sure"]').hidden = !armed;
}

function disarm() {
  arm(false);
}

/** Deleting takes two presses; anything in between takes the first one back. */
export function onDelete(act) {
  const button = at("delete");
  button.addEventListener("click", () => {
    if (!("armed" in button.dataset)) {
      arm(true);
      return say("Sure");
    }
    disarm();
    act();
  });
  button.addEventListener("blur", disarm);
}
