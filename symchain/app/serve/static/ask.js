// Requests to the server: of each kind only the newest counts, and what is wrong comes back as an answer with a message.
import { lang, word } from "./words.js";

const running = new Map();

/** The answer to a task; null where a newer request of the same slot took its place. */
export async function ask(task, data, slot = task) {
  running.get(slot)?.abort();
  const controller = new AbortController();
  running.set(slot, controller);
  try {
    const response = await fetch(`api/${task}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...data, lang: lang() }),
      signal: controller.signal,
    });
    return await response.json();
  } catch (error) {
    if (controller.signal.aborted) return null;
    return { kind: "gone", message: word("gone") };
  } finally {
    if (running.get(slot) === controller) running.delete(slot);
  }
}

/** Calls the work once it was not asked for during so many milliseconds. */
export function debounced(work, milliseconds) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
  };
}
