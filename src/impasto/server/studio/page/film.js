// Painting a film: a style is chosen on one of its frames.

import { bring } from "./api.js";
import { Compare } from "./compare.js";
import { attempt, make, one, tell } from "./dom.js";
import { acceptDrops, dropPlace } from "./drop.js";
import { Look, Preview } from "./look.js";
import { Work } from "./work.js";

export class Film {
  constructor(panel) {
    this.panel = panel;
    const stage = one("[data-stage]", panel);
    this.place = one("[data-drop]", panel);
    dropPlace(this.place, (file) => this.bring(file));
    acceptDrops(stage, (file) => this.bring(file));
    this.compare = new Compare(stage, () => one("input[type=file]", this.place).click(), "Another film");
    this.compare.figure.hidden = true;
    const places = ["styles", "controls", "title"].map((name) => one(`[data-${name}]`, panel));
    this.look = new Look(...places, "film", () => this.preview.refresh());
    this.preview = new Preview(this.compare, this.look);
    this.work = new Work(one("[data-work]", panel));
    this.addFinish(stage);
  }

  addFinish(stage) {
    this.steady = make("input", { type: "checkbox", checked: true });
    this.steady.setAttribute("role", "switch");
    this.button = make("button", { className: "main", textContent: "Paint the film" });
    this.file = make("a", { className: "button", textContent: "Download the film", hidden: true });
    const label = make("label", { className: "switch" }, this.steady, make("span", { textContent: "Steady strokes" }));
    one("[data-finish]", this.panel).append(label, this.button, this.file);
    this.screen = make("video", { controls: true, loop: true, muted: true, playsInline: true, hidden: true });
    this.screen.setAttribute("aria-label", "The painted film");
    stage.append(this.screen);
    one("[data-controls]", this.panel).addEventListener("submit", (event) => {
      event.preventDefault();
      this.shoot();
    });
  }

  async bring(file) {
    this.panel.setAttribute("aria-busy", "true");
    const film = await attempt(() => bring("films", file));
    this.panel.removeAttribute("aria-busy");
    if (!film) return;
    this.film = film;
    this.place.hidden = true;
    this.panel.classList.add("open");
    this.forget();
    this.compare.open(film);
    this.look.open(film);
    this.preview.open(film);
    tell(`${film.name} is here; this is one of its frames.`);
  }

  /** Show the frame again, not what was painted. */
  forget() {
    this.file.hidden = this.screen.hidden = true;
    this.screen.removeAttribute("src");
    this.compare.figure.hidden = false;
  }

  async shoot() {
    this.forget();
    this.button.disabled = true;
    const wish = { ...this.look.wish, film: this.film.id, steady: this.steady.checked };
    const facts = await this.work.run("film", wish, "The film");
    this.button.disabled = false;
    if (!facts || !facts.file) return;
    this.file.href = `studio/works/${facts.id}/file`;
    this.file.download = facts.file;
    this.file.hidden = false;
    this.screen.src = this.file.href;
    this.screen.hidden = false;
    this.compare.figure.hidden = true;
  }
}
