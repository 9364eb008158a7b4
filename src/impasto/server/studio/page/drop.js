// Places to drop a file, which work by keyboard, by a click and by pasting too.

import { copy, one } from "./dom.js";

/** Make an element such a place; calls taken(file) with each file. */
export function dropPlace(element, taken) {
  const parts = copy("drop");
  const place = one(".drop", parts);
  const input = one("input", parts);
  one(".says", parts).textContent = element.dataset.says;
  input.accept = element.dataset.accept;
  place.classList.toggle("small", "small" in element.dataset);
  element.append(parts);
  input.addEventListener("change", () => {
    if (input.files.length) taken(input.files[0]);
    input.value = "";
  });
  acceptDrops(element, taken);
}

/** Let files be dropped on an element, and pictures pasted while it is on the screen. */
export function acceptDrops(element, taken) {
  let depth = 0;
  const within = (change) => element.classList.toggle("over", (depth = Math.max(0, depth + change)) > 0);
  element.addEventListener("dragenter", (event) => (event.preventDefault(), within(1)));
  element.addEventListener("dragleave", () => within(-1));
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    within(-depth);
    if (event.dataTransfer.files.length) taken(event.dataTransfer.files[0]);
  });
}

/** Hear of files that are pasted. */
export function hearPastes(taken) {
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) taken(event.clipboardData.files[0]);
  });
}
