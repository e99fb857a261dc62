// Documents that are dropped in or chosen: each statement with what became of it. The file is read here and sent as text.
import { ask } from "./ask.js";
import { $, problem, say } from "./show.js";
import { word } from "./words.js";

const MOST = 200000;
let last = null;

export function listen() {
  const drop = $("drop");
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  $("file").addEventListener("change", (event) => {
    take(event.target.files[0]);
    event.target.value = ""; // the same file again is a new question
  });
}

async function take(file) {
  if (!file) return;
  if (file.size > 4 * MOST) return problem("document-problem", word("document.large", { most: MOST }));
  const text = await file.text();
  if (text.length > MOST) return problem("document-problem", word("document.large", { most: MOST }));
  last = text;
  await judge();
}

/** Judges the document that was dropped last. */
export async function judge() {
  if (last === null) return;
  say(word("working"));
  const found = await ask("judge", { document: last });
  if (found === null) return;
  say("");
  problem("document-problem", found.kind === "done" ? "" : found.message);
  const table = $("judged");
  table.hidden = found.kind !== "done";
  if (found.kind !== "done") return;
  const count = { right: 0, wrong: 0, open: 0 };
  const rows = found.statements.map((s) => {
    if (s.status === "proved" || s.status === "agrees") count.right += 1;
    else if (s.status === "wrong") count.wrong += 1;
    else if (["undecided", "unjudged", "refused"].includes(s.status)) count.open += 1;
    const told = s.told && s.told !== s.reading ? s.told : "";
    const said = word("document.said", { kind: s.kind, what: s.reading || s.told });
    const judged = ["proved", "agrees", "wrong", "undecided", "unjudged"].includes(s.status);
    return row("td", [s.line, s.source, told && (judged || !s.reading) ? told : told ? `${said} (${told})` : said], s.status);
  });
  table.replaceChildren(row("th", [word("line"), word("statement"), word("verdict")]), ...rows);
  $("counts").textContent = word("document.counts", count);
}

function row(cell, texts, status = "") {
  const line = document.createElement("tr");
  for (const [k, text] of texts.entries()) {
    const element = document.createElement(cell);
    element.textContent = text;
    if (cell === "th") element.scope = "col";
    if (k === 2) element.className = status;
    line.append(element);
  }
  return line;
}
