// Which part of the page is shown: the step, the phase of the camera, picture or sound, and what was found.

const root = document.getElementById("recorder");
const at = (id) => document.getElementById(id);

/** start, camera, continue, review or sending; the focus goes where the person reads on. */
export function show(step, focus) {
  root.dataset.at = step;
  for (const section of root.querySelectorAll("[data-step]")) section.hidden = section.dataset.step !== step;
  for (const part of root.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== step && part.dataset.only !== "ready";
  at("trouble").hidden = true;
  if (focus) at(focus).focus({ preventScroll: step === "start" });
}

export function isAt(step) {
  return root.dataset.at === step;
}

/** Of the camera: ready, counting, recording or paused. */
export function setPhase(phase) {
  const live = phase === "recording" || phase === "paused";
  const ready = phase === "ready";
  for (const id of ["record", "devices"]) at(id).hidden = !ready;
  for (const id of ["cancel-count", "count"]) at(id).hidden = phase !== "counting";
  for (const id of ["stop", "pause", "now-recording"]) at(id).hidden = !live;
  root.querySelector('[data-only="ready"]').hidden = !ready;
  at("hints").hidden = !ready;
  at("guide").toggleAttribute("hidden", !ready || "sound" in root.dataset);
  if (at("prompt")) at("prompt").hidden = ready;
  at("now-recording").toggleAttribute("data-paused", phase === "paused");
  at("state-word").textContent = at("state-word").dataset[phase] ?? "";
  at("pause").querySelector('[data-word="pause"]').hidden = phase === "paused";
  at("pause").querySelector('[data-word="resume"]').hidden = phase !== "paused";
}

/** Whether there is a picture, or sound only. */
export function setMedium(isAudio) {
  root.toggleAttribute("data-sound", isAudio);
  const wanted = isAudio ? "sound" : "picture";
  for (const part of root.querySelectorAll("[data-with]")) part.toggleAttribute("hidden", part.dataset.with !== wanted);
}
