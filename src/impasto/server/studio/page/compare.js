// A picture, and over it the painting as far to the right as a slider says.

import { copy, one } from "./dom.js";

export class Compare {
  /** stage: what it is put into; other: called when another picture is wanted; word: on the button for that. */
  constructor(stage, other, word) {
    const parts = copy("compare");
    this.figure = one("figure", parts);
    this.before = one("[data-before]", parts);
    this.after = one("[data-after]", parts);
    this.slider = one("input", parts);
    this.name = one("[data-name]", parts);
    const button = one("[data-other]", parts);
    button.textContent = word;
    button.addEventListener("click", other);
    this.slider.addEventListener("input", () => this.split());
    stage.append(parts);
    this.split();
  }

  /** Show a picture that was brought. */
  open(picture) {
    this.figure.style.setProperty("--ratio", picture.width / picture.height);
    this.name.textContent = `${picture.name}, ${picture.width} × ${picture.height}`;
    this.before.src = `studio/pictures/${picture.id}`;
    this.before.alt = `The photo ${picture.name}`;
    this.clear();
  }

  /** Show no painting. */
  clear() {
    this.after.hidden = true;
    this.figure.classList.remove("painted");
  }

  /** Show a painting: a Blob or an address; alt: what it is. */
  async show(painting, alt) {
    const source = painting instanceof Blob ? URL.createObjectURL(painting) : painting;
    const image = new Image();
    image.src = source;
    await image.decode();
    const old = this.after.src;
    this.after.src = source;
    this.after.alt = alt;
    this.after.hidden = false;
    this.figure.classList.add("painted");
    if (old.startsWith("blob:")) URL.revokeObjectURL(old);
  }

  /** Divide the picture where the slider is. */
  split() {
    const share = Number(this.slider.value);
    this.figure.style.setProperty("--split", `${share}%`);
    const words = share === 0 ? "the painting" : share === 100 ? "as before" : `${share} % as before`;
    this.slider.setAttribute("aria-valuetext", words);
  }

  /** px that its long side takes on the screen. */
  get pixels() {
    const box = this.figure.getBoundingClientRect();
    return Math.max(box.width, box.height) * window.devicePixelRatio;
  }
}
