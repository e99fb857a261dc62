// The sentences of the page: every language is fetched once, and elements name theirs.
let spoken = {};
let chosen = "en";

export async function load() {
  spoken = await (await fetch("words.json")).json();
}

export function languages() {
  return Object.entries(spoken).map(([code, words]) => [code, words.name]);
}

export function lang() {
  return chosen;
}

export function word(key, fields = {}) {
  return (spoken[chosen]?.[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => fields[name] ?? all);
}

/** Shows the page in a language, or in one that there is. */
export function speak(code) {
  chosen = code in spoken ? code : code?.slice(0, 2) in spoken ? code.slice(0, 2) : Object.keys(spoken)[0];
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", word(element.dataset.label));
}
