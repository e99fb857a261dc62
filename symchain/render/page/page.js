"use strict";
(function () {
  const root = document.documentElement;

  // Formulas are set when they come into sight: other languages, panels and folded steps cost nothing until then.
  function set(element) {
    const source = element.textContent;
    element.dataset.done = "1";
    element.dataset.source = source;
    const display = element.tagName === "DIV";
    try {
      katex.render(source, element, { displayMode: display, throwOnError: true, strict: false, trust: false, maxExpand: 1000, maxSize: 50 });
    } catch (error) {
      element.textContent = source;
      element.dataset.failed = String(error.message || error);
    }
    if (display) frame(element, source);
  }

  function frame(element, source) {
    const frame = document.createElement("div");
    frame.className = "framed";
    element.before(frame);
    frame.append(element, copyButton(element, source, "LaTeX"));
  }

  function copyButton(near, text, what) {
    const side = near.closest("main");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = what;
    button.title = side.dataset.copy + " " + what;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
      } catch (error) {
        const area = document.createElement("textarea");
        area.value = text;
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      button.textContent = side.dataset.copied;
      setTimeout(() => (button.textContent = what), 1200);
    });
    return button;
  }

  function visible(element) {
    return element.getClientRects().length > 0;
  }

  function refresh() {
    for (const element of document.querySelectorAll(".math:not([data-done])")) {
      if (visible(element)) set(element);
    }
  }

  function show(lang) {
    root.dataset.shown = lang;
    root.lang = lang;
    for (const button of document.querySelectorAll(".languages button")) {
      button.setAttribute("aria-pressed", String(button.dataset.lang === lang));
    }
    refresh();
  }

  for (const button of document.querySelectorAll(".languages button")) {
    button.addEventListener("click", () => show(button.dataset.lang));
  }
  for (const button of document.querySelectorAll("[data-fold]")) {
    button.addEventListener("click", () => {
      for (const details of button.closest("section").querySelectorAll("details")) details.open = button.dataset.fold === "open";
      refresh();
    });
  }
  for (const code of document.querySelectorAll("pre.code")) {
    const frame = document.createElement("div");
    frame.className = "framed";
    code.before(frame);
    frame.append(code, copyButton(code, code.textContent, code.closest("main").dataset.copy));
  }
  document.addEventListener("toggle", refresh, true);
  document.addEventListener("change", refresh);
  show(root.dataset.shown);
})();
