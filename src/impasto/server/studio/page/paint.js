// Painting a photo: thumbnails of all styles, a live preview, and the painting at the photo's own size.

import { ask, bring } from "./api.js";
import { Compare } from "./compare.js";
import { attempt, make, one, tell } from "./dom.js";
import { acceptDrops, dropPlace } from "./drop.js";
import { Look, Preview } from "./look.js";
import { Work, save } from "./work.js";

const FORMATS = [["", "The photo’s format"], [".jpg", "JPEG"], [".png", "PNG"], [".webp", "WebP"], [".tif", "TIFF"]];

export class Paint {
  /** panel: the tab's; facts: of the server. */
  constructor(panel, facts) {
    this.panel = panel;
    const stage = one("[data-stage]", panel);
    this.place = one("[data-drop]", panel);
    this.samples = one("[data-samples]", panel);
    dropPlace(this.place, (file) => this.bring(file));
    acceptDrops(stage, (file) => this.bring(file));
    this.offer(facts.samples);
    this.compare = new Compare(stage, () => one("input[type=file]", this.place).click(), "Another photo");
    this.compare.figure.hidden = true;
    const places = ["styles", "controls", "title"].map((name) => one(`[data-${name}]`, panel));
    this.look = new Look(...places, "paint", () => this.preview.refresh());
    this.preview = new Preview(this.compare, this.look);
    this.work = new Work(one("[data-work]", panel));
    this.addFinish();
  }

  offer(samples) {
    for (const name of samples) {
      const image = make("img", { src: `studio/samples/${name}`, alt: name, width: 72, height: 72 });
      const button = make("button", { type: "button", title: name }, image);
      button.addEventListener("click", () => this.take(() => ask(`samples/${name}`, { method: "POST" })));
      this.samples.append(button);
    }
  }

  addFinish() {
    this.format = make("select", {}, ...FORMATS.map(([value, text]) => make("option", { value, textContent: text })));
    this.format.setAttribute("aria-label", "Format of the file");
    this.button = make("button", { className: "main", textContent: "Download" });
    one("[data-finish]", this.panel).append(this.format, this.button);
    one("[data-controls]", this.panel).addEventListener("submit", (event) => {
      event.preventDefault();
      this.download();
    });
  }

  bring(file) {
    return this.take(() => bring("pictures", file));
  }

  /** Open what a request for a picture gives. */
  async take(request) {
    this.panel.setAttribute("aria-busy", "true");
    const picture = await attempt(request);
    this.panel.removeAttribute("aria-busy");
    if (picture) this.open(picture);
  }

  open(picture) {
    this.picture = picture;
    this.place.hidden = this.samples.hidden = true;
    this.compare.figure.hidden = false;
    this.panel.classList.add("open");
    this.compare.open(picture);
    this.look.open(picture);
    this.preview.open(picture);
    this.button.textContent = `Download ${picture.width} × ${picture.height}`;
    tell(`${picture.name} is here, in all styles.`);
    document.dispatchEvent(new CustomEvent("photo", { detail: picture }));
  }

  /** Paint in a style, on a photo that comes with Impasto if none was brought. */
  async paintWith(style) {
    if (!this.picture) await this.take(() => ask("samples/astronaut", { method: "POST" }));
    this.look.pick(style);
  }

  async download() {
    this.button.disabled = true;
    const wish = { ...this.look.wish, picture: this.picture.id, format: this.format.value };
    const facts = await this.work.run("painting", wish, "The painting");
    this.button.disabled = false;
    if (facts && facts.file) save(facts);
  }
}
