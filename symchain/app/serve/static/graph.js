// The graph: sliders for the inputs, the picture with values and gradients, and what a chosen wire carries.
import { ask } from "./ask.js";
import { $, problem } from "./show.js";
import { word } from "./words.js";

let point = null;
let chosen = -1;
let waiting = false;
let again = false;

export function currentPoint() {
  return point;
}

export function setPoint(at) {
  point = at;
}

/** Draws the program at the point; the first time, and where its inputs are others, at an example. */
export async function draw(asked, inputs) {
  if (point !== null && Object.keys(inputs).some((name) => !(name in point))) point = null;
  if (point !== null && Object.keys(inputs).some((name) => Array.isArray(point[name]) !== inputs[name].length > 0)) point = null;
  const found = await ask("graph", { ...asked(), ...(point ? { at: point } : {}) });
  if (found === null) return;
  problem("graph-problem", found.kind === "done" ? "" : found.message);
  if (found.kind !== "done") return;
  point = found.at;
  controls(inputs, () => moved(asked));
  picture(found.svg);
}

/** While one answer is on its way, later movements are answered together. */
async function moved(asked) {
  if (waiting) {
    again = true;
    return;
  }
  waiting = true;
  do {
    again = false;
    const found = await ask("graph", { ...asked(), at: point });
    if (found === null) break;
    problem("graph-problem", found.kind === "done" ? "" : found.message);
    if (found.kind === "done") picture(found.svg);
  } while (again);
  waiting = false;
}

function controls(inputs, changed) {
  const place = $("sliders");
  const wanted = point === null ? "" : JSON.stringify([inputs, Object.keys(point), document.documentElement.lang]);
  if (place.dataset.for === wanted) return;
  place.dataset.for = wanted;
  place.replaceChildren();
  for (const [k, [name, value]] of Object.entries(point ?? {}).entries()) {
    const row = document.createElement("div");
    const label = document.createElement("label");
    label.htmlFor = `input-${k}`;
    label.textContent = name;
    row.className = Array.isArray(value) ? "slider array" : "slider";
    row.append(label, ...(Array.isArray(value) ? [numbers(k, name, changed)] : slider(k, name, value, !(name in inputs), changed)));
    place.append(row);
  }
}

function slider(k, name, value, whole, changed) {
  const input = document.createElement("input");
  const shown = document.createElement("output");
  const reach = Math.max(2, 2 * Math.abs(value));
  Object.assign(input, { type: "range", id: `input-${k}`, min: whole ? 1 : -reach, max: reach, step: whole ? 1 : reach / 100, value });
  shown.htmlFor = input.id;
  shown.value = decimal(value);
  input.addEventListener("input", () => {
    point[name] = Number(input.value);
    shown.value = decimal(point[name]);
    changed();
  });
  return [input, shown];
}

function numbers(k, name, changed) {
  const input = document.createElement("input");
  Object.assign(input, { type: "text", id: `input-${k}`, value: JSON.stringify(point[name]), title: word("graph.array", { name }) });
  input.addEventListener("change", () => {
    try {
      point[name] = JSON.parse(input.value);
      changed();
    } catch (error) {
      problem("graph-problem", word("graph.array", { name }));
    }
  });
  return input;
}

function decimal(value) {
  return value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 });
}

function picture(svg) {
  const place = $("graph");
  place.innerHTML = svg; // every name in it is escaped by the server
  const wires = [...place.querySelectorAll("g.wire")].filter((wire) => wire.querySelector(".head"));
  wires.forEach((wire, k) => {
    const title = wire.querySelector("title");
    const told = title.textContent;
    wire.setAttribute("tabindex", "0");
    wire.setAttribute("role", "button");
    wire.setAttribute("aria-label", told);
    const choose = () => {
      chosen = k;
      for (const other of wires) other.classList.toggle("chosen", other === wire);
      $("wire").textContent = told;
    };
    wire.addEventListener("click", choose);
    wire.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose();
      }
    });
    if (k === chosen) choose();
  });
  if (chosen < 0 || chosen >= wires.length) $("wire").textContent = word("wire.none");
}

/** Another program has other wires. */
export function forgetWire() {
  chosen = -1;
}
