// The page: what is typed is read at once, what is asked for is derived, drawn, checked and shown as code; the address holds it all.
import { ask, debounced } from "./ask.js";
import { currentPoint, draw, forgetWire, setPoint } from "./graph.js";
import { judge, listen } from "./judge.js";
import { $, choices, formula, problem, say, typeset } from "./show.js";
import { lang, languages, load, speak, word } from "./words.js";

const EXAMPLE = "z = w*x + b\na = tanh(z)\nC = (a - y)**2";
let read = null; // what the server made of the text, with the text it read
let derived = ""; // the question that the derivation answers
let target = "numpy";

const asked = () => ({ text: $("program").value, output: $("output").value, wrt: $("wrt").value });

async function readProgram() {
  const text = $("program").value;
  if (!text.trim()) return;
  const found = await ask("read", { text });
  if (found === null) return;
  problem("problem", found.kind === "done" ? "" : found.message);
  $("echo").classList.toggle("stale", found.kind !== "done");
  $("program").setAttribute("aria-invalid", String(found.kind !== "done"));
  if (found.kind !== "done") return;
  read = { ...found, text };
  const echo = found.latex ? formula(found.latex) : Object.assign(document.createElement("pre"), { textContent: found.program });
  $("echo").replaceChildren(echo);
  typeset($("echo"));
  $("remarks").replaceChildren(...found.remarks.map((remark) => Object.assign(document.createElement("li"), { textContent: remark })));
  const names = Object.keys(found.inputs).map((name) => [name, name]);
  const before = $("output").value;
  choices($("output"), found.outputs.map((name) => [name, name]), found.last);
  if (before && !found.outputs.includes(before)) $("output").value = found.last;
  choices($("wrt"), [["", word("all")], ...names], "");
  choices($("check-wrt"), names, names[0]?.[0]);
  remember();
  note();
  draw(asked, found.inputs);
}

function note() {
  const stale = derived && derived !== JSON.stringify(asked());
  $("derivation-note").hidden = Boolean(derived) && !stale;
  $("derivation-note").textContent = word(stale ? "stale" : "derivation.none");
}

async function derive() {
  say(word("working"));
  if (read?.text !== $("program").value) await readProgram();
  const question = asked();
  const found = await ask("derive", question);
  if (found === null) return;
  problem("derivation-problem", found.kind === "done" ? "" : found.message);
  say(found.kind === "done" ? word("done") : "");
  if (found.kind !== "done") return;
  derived = JSON.stringify(question);
  $("derivation").innerHTML = found.html; // everything in it is escaped by the server
  typeset($("derivation"));
  for (const math of $("derivation").querySelectorAll("div.math")) math.tabIndex = 0;
  $("downloads").hidden = false;
  note();
  remember();
  await code();
}

async function code() {
  const found = await ask("code", { ...asked(), target });
  if (found === null) return;
  $("code-section").hidden = false;
  $("code").textContent = found.kind === "done" ? found.code : found.message;
  if (found.targets) tabs(found.targets);
}

function tabs(targets) {
  const place = $("targets");
  if (place.dataset.for !== JSON.stringify(targets)) {
    place.dataset.for = JSON.stringify(targets);
    place.replaceChildren(...Object.entries(targets).map(([key, name]) => {
      const tab = Object.assign(document.createElement("button"), { type: "button", textContent: name, id: `target-${key}` });
      tab.dataset.target = key;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", "code-panel");
      tab.addEventListener("click", () => choose(key));
      return tab;
    }));
    place.addEventListener("keydown", (event) => {
      const keys = Object.keys(targets);
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) choose(keys[(keys.indexOf(target) + step + keys.length) % keys.length], true);
    });
  }
  mark();
}

function mark() {
  for (const tab of $("targets").children) {
    const on = tab.dataset.target === target;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    if (on) $("code-panel").setAttribute("aria-labelledby", tab.id);
  }
}

function choose(key, focus = false) {
  target = key;
  mark();
  if (focus) $(`target-${key}`).focus();
  code();
}

async function check() {
  say(word("working"));
  const found = await ask("check", { text: $("program").value, output: $("output").value, wrt: $("check-wrt").value, claim: $("claim").value });
  if (found === null) return;
  say("");
  const verdict = $("verdict");
  verdict.hidden = false;
  verdict.className = `verdict ${found.kind === "done" ? found.status : "refused"}`;
  verdict.textContent = found.kind === "done" ? found.told : found.message;
}

async function download(format) {
  const at = currentPoint();
  const found = await ask("download", { ...asked(), format, ...(at && format === "html" ? { at } : {}) });
  if (found === null) return;
  problem("derivation-problem", found.kind === "done" ? "" : found.message);
  if (found.kind !== "done") return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([found.content], { type: "text/plain;charset=utf-8" }));
  link.download = found.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ---------------------------------------------------------------- the address

function remember() {
  const question = asked();
  const kept = new URLSearchParams({ text: question.text, of: question.output, by: question.wrt, lang: lang() });
  history.replaceState(null, "", `#${kept}`);
}

function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  $("program").value = kept.get("text")?.slice(0, 20000) ?? EXAMPLE;
  $("output").dataset.wanted = kept.get("of") ?? "";
  $("wrt").dataset.wanted = kept.get("by") ?? "";
  return kept;
}

async function copied(text, told) {
  try {
    await navigator.clipboard.writeText(text);
    say(word(told));
  } catch (error) {
    say("");
  }
}

// ---------------------------------------------------------------- the language

function show(code) {
  speak(code);
  $("languages").replaceChildren(...languages().map(([key, name]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name, lang: key });
    button.setAttribute("aria-pressed", String(key === lang()));
    button.addEventListener("click", async () => {
      show(key);
      $("languages").querySelector(`[lang=${key}]`).focus();
      await readProgram();
      if (derived) await derive();
      if (!$("verdict").hidden) await check();
      await judge();
    });
    return button;
  }));
  note();
}

await load();
const kept = recall();
show(kept.get("lang") ?? navigator.language);
listen();
const soon = debounced(readProgram, 180);
$("program").addEventListener("input", () => {
  forgetWire();
  soon();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (event.target === $("claim")) check();
    else derive();
  }
});
for (const id of ["output", "wrt"]) {
  $(id).addEventListener("change", () => {
    remember();
    note();
    if (id === "output" && read) {
      setPoint(null);
      draw(asked, read.inputs);
    }
  });
}
$("derive").addEventListener("click", derive);
$("check").addEventListener("click", check);
$("share").addEventListener("click", () => copied(location.href, "shared"));
$("copy").addEventListener("click", () => copied($("code").textContent, "copied"));
for (const button of $("downloads").querySelectorAll("button")) button.addEventListener("click", () => download(button.dataset.format));
document.addEventListener("toggle", (event) => typeset(event.target), true);
window.addEventListener("hashchange", () => location.reload());
await readProgram();
if (kept.has("text")) await derive();
