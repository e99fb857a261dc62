// Sets the mathematics of a page with KaTeX, which stands beside this file: nothing is loaded from elsewhere.
addEventListener("DOMContentLoaded", () => {
  for (const e of document.querySelectorAll(".math")) {
    const text = e.textContent.trim(), display = e.tagName === "DIV";
    const formula = text.replace(/^\\[([]/, "").replace(/\\[)\]]$/, "");
    katex.render(formula, e, { displayMode: display, throwOnError: false, strict: "ignore" });
  }
});
