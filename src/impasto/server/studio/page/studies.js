// The two tabs where VGG-19 looks on: learning a painting's style, and optimising one picture.

import { ask, bring } from "./api.js";
import { Compare } from "./compare.js";
import { attempt, make, one, showValues, tell } from "./dom.js";
import { acceptDrops, dropPlace } from "./drop.js";
import { Work } from "./work.js";

/** A panel with a stage, a form, and a button that begins a work. */
class Study {
  constructor(panel, first) {
    this.panel = panel;
    this.stage = one("[data-stage]", panel);
    this.form = one("[data-form]", panel);
    this.button = one("[data-begin]", panel);
    this.after = one("[data-after]", panel);
    this.file = one("[data-file]", panel);
    this.place = one("[data-drop]", this.stage);
    dropPlace(this.place, (file) => this.take(file));
    acceptDrops(this.stage, (file) => this.take(file));
    this.compare = new Compare(this.stage, () => one("input[type=file]", this.place).click(), `Another ${first}`);
    this.compare.figure.hidden = true;
    this.work = new Work(one("[data-work]", panel));
    showValues(panel);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.begin();
    });
  }

  async take(file) {
    const picture = await attempt(() => bring("pictures", file));
    if (picture) this.open(picture);
  }

  /** Show a picture that was brought on the stage. */
  open(picture) {
    this.picture = picture;
    this.place.hidden = true;
    this.after.hidden = true;
    this.compare.figure.hidden = false;
    this.panel.classList.add("open");
    this.compare.open(picture);
    this.ready();
  }

  /** Show a painting beside the form. */
  putBeside({ id, name }) {
    const image = make("img", { src: `studio/pictures/${id}?size=480`, alt: `The painting ${name}` });
    const sample = one("[data-sample]", this.form);
    sample.replaceChildren(image, make("span", { textContent: name }));
    sample.hidden = false;
  }

  /** Run the work and offer its file; returns what is known of it. */
  async run(path, wish, what, alt) {
    this.button.disabled = true;
    this.after.hidden = true;
    const facts = await this.work.run(path, wish, what, (picture) => this.compare.show(picture, alt));
    this.ready();
    if (!facts || !facts.file) return undefined;
    this.file.href = `studio/works/${facts.id}/file`;
    this.file.download = facts.file;
    this.after.hidden = false;
    return facts;
  }

  /** What the form says. */
  get given() {
    return Object.fromEntries(new FormData(this.form));
  }
}

export class Learn extends Study {
  /** use: called with a learned style, to paint with it. */
  constructor(panel, use) {
    super(panel, "painting");
    this.photo = null;
    document.addEventListener("photo", (event) => (this.photo = event.detail));
    one("[data-use]", panel).addEventListener("click", () => use(this.style));
  }

  ready() {
    this.button.disabled = !this.picture;
  }

  async begin() {
    const painting = this.picture;
    this.photo ??= await attempt(() => ask("samples/astronaut", { method: "POST" }));
    if (!this.photo) return;
    this.putBeside(painting);
    this.compare.open(this.photo);
    const wish = { painting: painting.id, photo: this.photo.id, budget: this.given.budget };
    const facts = await this.run("style", wish, "Learning", `A photo in the style of ${painting.name}`);
    if (!facts) return;
    this.style = { id: facts.style, title: painting.name.replace(/\.\w+$/, ""), year: "learned here" };
    document.dispatchEvent(new CustomEvent("style", { detail: this.style }));
  }
}

export class Optimise extends Study {
  constructor(panel) {
    super(panel, "photo");
    const place = one("[data-drop=painting]", panel);
    dropPlace(place, (file) => this.takePainting(file));
    acceptDrops(place, (file) => this.takePainting(file));
    document.addEventListener("photo", (event) => this.picture || this.open(event.detail));
  }

  async takePainting(file) {
    const painting = await attempt(() => bring("pictures", file));
    if (!painting) return;
    this.painting = painting;
    this.putBeside(painting);
    tell(`${painting.name} is the painting.`);
    this.ready();
  }

  ready() {
    this.button.disabled = !(this.picture && this.painting);
  }

  begin() {
    const { budget, size, style_strength, stroke, color } = this.given;
    const wish = { photo: this.picture.id, paintings: [this.painting.id], budget, color };
    const numbers = { size: Number(size), style_strength: Number(style_strength), stroke: Number(stroke) };
    return this.run("optimisation", { ...wish, ...numbers }, "Optimising", `${this.picture.name} like ${this.painting.name}`);
  }
}
