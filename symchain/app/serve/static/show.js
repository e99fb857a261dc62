// What is shown: formulas set by KaTeX, problems, choices.
export const $ = (id) => document.getElementById(id);

const OPTIONS = { throwOnError: true, strict: false, trust: false, maxExpand: 1000, maxSize: 50 };

/** Sets the formulas inside an element; one that cannot be set stays as its source. */
export function typeset(inside) {
  for (const element of inside.querySelectorAll(".math:not([data-done])")) {
    const source = element.textContent;
    element.dataset.done = "1";
    try {
      katex.render(source, element, { ...OPTIONS, displayMode: element.tagName === "DIV" });
    } catch (error) {
      element.textContent = source;
    }
  }
}

/** One formula in an element of its own. */
export function formula(latex) {
  const element = document.createElement("div");
  element.className = "math";
  element.textContent = latex;
  return element;
}

/** A problem, or none. */
export function problem(id, text) {
  const place = $(id);
  place.hidden = !text;
  if (place.textContent !== (text ?? "")) place.textContent = text ?? "";
}

/** The choices of a select; what was chosen stays chosen while it is there. */
export function choices(select, entries, otherwise) {
  const before = select.value || select.dataset.wanted || "";
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
  const values = entries.map(([value]) => value);
  select.value = values.includes(before) ? before : values.includes(otherwise) ? otherwise : values[0] ?? "";
}

export function say(text) {
  $("status").textContent = text;
}
