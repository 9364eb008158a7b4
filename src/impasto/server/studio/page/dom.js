// Small helpers for the page.

/** Return the first element that matches within another. */
export const one = (selector, within = document) => within.querySelector(selector);

/** Return all elements that match within another. */
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** Return a copy of what is in a template. */
export const copy = (template) => document.getElementById(template).content.cloneNode(true);

/** Make an element with properties and children. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Show a sentence about what went wrong until it is closed or something else is said. */
export function warn(error) {
  const close = make("button", { type: "button", className: "quiet", textContent: "Close" });
  close.addEventListener("click", calm);
  one("#alert").replaceChildren(make("p", { textContent: error.message ?? error }), close);
}

/** Take away what went wrong. */
export const calm = () => one("#alert").replaceChildren();

/** Tell those who listen rather than look. */
export const tell = (sentence) => (one("#status").textContent = sentence);

/** Run something that may fail, and say why if it does. */
export async function attempt(work) {
  try {
    calm();
    return await work();
  } catch (error) {
    warn(error);
    return undefined;
  }
}

/** Let sliders within an element show their values, now and whenever they move. */
export function showValues(within) {
  for (const slider of all("input[type=range][data-unit]", within)) {
    const show = () => {
      const words = slider.dataset.unit === "percent" ? `${Math.round(100 * slider.value)} %` : `${Number(slider.value)} ×`;
      one("small", slider.parentElement).textContent = words;
      slider.setAttribute("aria-valuetext", words);
    };
    slider.addEventListener("input", show);
    show();
  }
}
