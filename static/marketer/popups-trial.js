// The sample page's own buttons: they say to the popup what a company's page would say.
window.socialproof = window.socialproof || [];
for (const button of document.querySelectorAll("[data-say]")) {
  button.addEventListener("click", () => window.socialproof.push([button.dataset.say, button.dataset.what]));
}
