// Following a work of the server: a bar, a line, a button that stops it, and what there is so far.

import { ask } from "./api.js";
import { attempt, copy, one, tell, warn } from "./dom.js";

const PAUSE = 400; // ms between looks

export class Work {
  constructor(element) {
    element.append(copy("work"));
    this.box = one(".work", element);
    this.bar = one("progress", element);
    this.line = one(".line", element);
    this.stop = one("[data-stop]", element);
    this.stop.addEventListener("click", () => attempt(() => ask(`works/${this.id}/stop`, { method: "POST" })));
  }

  /** Begin a work, follow it to its end and return what is known of it then; undefined if it failed.
   *
   * what: its name, for those who listen; shown: called with the address of each new picture.
   */
  async run(path, json, what, shown = () => {}) {
    let facts = await attempt(() => ask(`works/${path}`, { json }));
    if (!facts) return undefined;
    this.id = facts.id;
    this.bar.setAttribute("aria-label", what);
    this.box.hidden = false;
    tell(`${what} has begun.`);
    let seen = 0;
    try {
      for (;;) {
        this.bar.value = facts.over;
        this.line.textContent = facts.line;
        if (facts.shown > seen) shown(`studio/works/${this.id}/picture?${(seen = facts.shown)}`);
        if (["done", "stopped", "failed"].includes(facts.state)) return this.end(facts, what);
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
        facts = await ask(`works/${this.id}`);
      }
    } catch (error) {
      warn(error);
      return undefined;
    } finally {
      this.box.hidden = true;
    }
  }

  end(facts, what) {
    if (facts.state === "failed") {
      warn(facts.error);
      return undefined;
    }
    for (const notice of facts.notices) warn(notice);
    tell(`${what} is ${facts.state}.`);
    return facts;
  }
}

/** Let the browser save the file of a work. */
export function save(facts) {
  const link = document.createElement("a");
  link.href = `studio/works/${facts.id}/file`;
  link.download = facts.file;
  document.body.append(link);
  link.click();
  link.remove();
}
