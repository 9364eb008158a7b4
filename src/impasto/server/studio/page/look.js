// What a picture is painted in, and how: thumbnails to pick and mix from, and sliders.

import { ask, bring, lines } from "./api.js";
import { all, attempt, copy, make, one, showValues, tell } from "./dom.js";

const MOST = 8; // styles in a mix

export class Look {
  /** styles, controls, title: elements to fill; prefix: of radio buttons' names; changed: called after each change. */
  constructor(styles, controls, title, prefix, changed) {
    styles.append(copy("styles"));
    controls.append(copy("controls"));
    this.styles = styles;
    this.controls = controls;
    this.title = title;
    this.changed = changed;
    this.list = one("[data-list]", styles);
    this.chosen = one("[data-chosen]", controls);
    this.mixing = one("[data-mixing]", styles);
    this.known = new Map(); // by identifier: what is to be said of it, and its button
    this.parts = new Map(); // identifier: weight
    this.drawn = Promise.resolve(); // when all thumbnails are there
    for (const radio of all("input[type=radio]", controls)) radio.name = `${prefix}-color`;
    showValues(controls);
    one(".sliders", controls).addEventListener("input", changed);
    this.mixing.addEventListener("change", () => this.mixing.checked || this.pick([...this.parts.keys()].at(-1)));
    one("[data-own]", styles).addEventListener("change", (event) => this.bringOwn(event.target));
  }

  /** Add a style to choose from: {id, title, artist, year}; own ones come first. */
  add(style, own = false) {
    const image = make("img", { alt: "", width: 96, height: 96, decoding: "async" });
    const button = make("button", { type: "button" }, image, make("span", { textContent: style.title }));
    const said = [style.title, style.artist, style.year].filter(Boolean).join(", ");
    button.title = said;
    button.setAttribute("aria-label", said);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => this.press(style.id));
    this.known.set(style.id, { ...style, said, button, image });
    this.list[own ? "prepend" : "append"](make("li", {}, button));
    if (this.picture) this.draw([style.id]);
  }

  /** Show every style on a picture, one after the other. */
  open(picture) {
    this.picture = picture.id;
    this.styles.hidden = this.controls.hidden = false;
    this.drawn = this.draw([...this.known.keys()]);
    if (!this.parts.size) this.parts.set(this.known.keys().next().value, 1);
    this.say();
  }

  async draw(ids) {
    const { picture } = this;
    const styles = new URLSearchParams(ids.map((id) => ["style", id]));
    await attempt(async () => {
      for await (const { style, image } of lines(`pictures/${picture}/thumbnails?${styles}`)) {
        if (picture !== this.picture) return;
        this.known.get(style).image.src = `data:image/jpeg;base64,${image}`;
      }
    });
  }

  /** Paint in one style alone. */
  pick(id) {
    this.parts = new Map([[id, 1]]);
    this.mixing.checked = false;
    this.say();
    this.changed();
  }

  press(id) {
    if (!this.mixing.checked) return this.pick(id);
    if (!this.parts.has(id)) {
      if (this.parts.size >= MOST) return tell(`A mix has at most ${MOST} styles.`);
      this.parts.set(id, 0.5);
    } else if (this.parts.size > 1) {
      this.parts.delete(id);
    }
    this.say();
    return this.changed();
  }

  /** Show what is chosen, with a slider for each part of a mix. */
  say() {
    for (const [id, { button }] of this.known) button.setAttribute("aria-pressed", String(this.parts.has(id)));
    const parts = [...this.parts.keys()].map((id) => this.known.get(id));
    const [{ artist, year }] = parts;
    const below = parts.length > 1 ? `a mix of ${parts.length} styles` : [artist, year].filter(Boolean).join(", ");
    const heading = make("h2", { textContent: parts.map((part) => part.title).join(" + ") });
    this.title.replaceChildren(heading, make("p", { textContent: below || "your own style" }));
    const mixed = parts.length > 1 ? [...this.parts] : [];
    this.chosen.replaceChildren(...mixed.map(([id, weight]) => this.weight(id, weight)));
    showValues(this.chosen);
  }

  weight(id, weight) {
    const slider = make("input", { type: "range", min: 0.05, max: 1, step: 0.05, value: weight });
    slider.dataset.unit = "percent";
    slider.addEventListener("input", () => {
      this.parts.set(id, Number(slider.value));
      this.changed();
    });
    const label = make("span", { textContent: this.known.get(id).title });
    return make("label", { className: "slider" }, label, make("small", { ariaHidden: "true" }), slider);
  }

  async bringOwn(input) {
    const [file] = input.files;
    input.value = "";
    await attempt(async () => {
      const style = await bring("styles", file);
      document.dispatchEvent(new CustomEvent("style", { detail: { id: style.id, title: style.name } }));
      this.pick(style.id);
    });
  }

  /** What the server is asked for. */
  get wish() {
    return {
      parts: [...this.parts].map(([style, weight]) => ({ style, weight })),
      strength: Number(one("[name=strength]", this.controls).value),
      stroke: Number(one("[name=stroke]", this.controls).value),
      color: one("input[type=radio]:checked", this.controls).value,
    };
  }

  /** What the painting is called, for those who listen. */
  get said() {
    return [...this.parts.keys()].map((id) => this.known.get(id).said).join(" and ");
  }
}

/** Keeps a preview up to date: small while things change, sharp when they rest; only the newest wish counts. */
export class Preview {
  constructor(compare, look) {
    this.compare = compare;
    this.look = look;
    this.waiting = false;
    this.busy = false;
  }

  open(picture) {
    this.picture = picture;
    this.refresh();
  }

  async refresh() {
    this.waiting = true;
    if (this.busy || !this.picture) return;
    this.busy = true;
    this.compare.figure.setAttribute("aria-busy", "true");
    await attempt(async () => {
      while (this.waiting) {
        this.waiting = false;
        await this.draw(QUICK);
        await Promise.all([this.look.drawn, new Promise((resolve) => setTimeout(resolve, REST))]);
        const sharp = Math.min(LARGEST, 64 * Math.ceil(this.compare.pixels / 64));
        if (!this.waiting && sharp > QUICK && Math.max(this.picture.width, this.picture.height) > QUICK) await this.draw(sharp);
      }
    });
    this.busy = false;
    this.compare.figure.removeAttribute("aria-busy");
  }

  async draw(size) {
    const picture = this.picture;
    const painting = await ask(`pictures/${picture.id}/preview`, { json: { ...this.look.wish, size } });
    if (picture !== this.picture) return;
    await this.compare.show(painting, `${picture.name} in the style of ${this.look.said}`);
    this.compare.figure.dataset.size = size;
  }
}

const QUICK = 480; // px of the long side while things change
const LARGEST = 1024;
const REST = 150; // ms without a change before a sharp preview is worth its time
