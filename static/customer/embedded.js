// In a frame of the company's own site: tells the page around it how high this page is, that it was answered, and that
// the person wants it closed. Nothing else. Only the sites that the survey lists can frame it, so "*" is one of those.
const page = document.querySelector(".customer");
const tell = (socialproof, height) => window.parent.postMessage({ socialproof, height }, "*");

if (window.parent !== window && page) {
  const tellHeight = () => tell("height", Math.ceil(page.getBoundingClientRect().height));
  new ResizeObserver(tellHeight).observe(page);
  tellHeight();
  if (page.hasAttribute("data-answered")) tell("answered");
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) tell("closed");
  });
  // Links in here add nothing to the history of the page around: there one press of Back would do nothing.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const isOther = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || link.target || link.hasAttribute("download") || isOther || event.defaultPrevented) return;
    if (link.origin !== location.origin || link.hash) return;
    event.preventDefault();
    location.replace(link.href);
  });
}
