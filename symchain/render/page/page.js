"use strict";
(function () {
  const root = document.documentElement;

  // Formulas are set when they come into sight: other languages, panels and folded steps cost nothing until then.
  function set(element) {
    const source = element.dataset.source, beneath = element.innerHTML || source.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
    element.dataset.done = "1";
    const display = element.tagName === "DIV";
    try {
      katex.render(source, element, { displayMode: display, throwOnError: true, strict: false, trust: false, maxExpand: 1000, maxSize: 50 });
    } catch (error) {
      element.innerHTML = beneath;
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
    document.dispatchEvent(new Event("shown"));
  }

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  for (const button of document.querySelectorAll(".theme")) {
    button.addEventListener("click", () => {
      const now = root.dataset.theme || (dark.matches ? "dark" : "light");
      root.dataset.theme = now === "dark" ? "light" : "dark";
    });
  }

  // What hovering shows, for fingers and keys too: it stands below the picture.
  for (const picture of document.querySelectorAll(".picture")) {
    const inside = picture.shadowRoot;
    if (!inside) continue;
    const parts = inside.querySelectorAll("g.box, g.wire");
    if (!parts.length) continue;
    const told = picture.nextElementSibling;
    const tell = (part) => {
      for (const other of parts) other.classList.toggle("chosen", other === part);
      told.textContent = part.querySelector("title").textContent;
    };
    for (const part of parts) {
      part.setAttribute("tabindex", "0");
      part.setAttribute("role", "img");
      part.setAttribute("aria-label", part.querySelector("title").textContent);
      part.addEventListener("focus", () => tell(part));
      part.addEventListener("click", () => tell(part));
    }
  }

  // Paper has no scroll bars: wider formulas are set smaller there.
  const PAPER = 640;
  window.addEventListener("beforeprint", () => {
    refresh();
    for (const element of document.querySelectorAll("div.math[data-done]")) {
      const set = element.querySelector(".katex");
      if (!set || !visible(element)) continue;
      const wide = Math.max(element.scrollWidth, set.getBoundingClientRect().width);
      if (wide > PAPER) element.style.fontSize = (100 * PAPER) / wide + "%";
    }
  });
  window.addEventListener("afterprint", () => {
    for (const element of document.querySelectorAll("div.math[data-done]")) element.style.fontSize = "";
  });

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
