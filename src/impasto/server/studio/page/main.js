// The page: its tabs, and what they have in common.

import { ask } from "./api.js";
import { all, attempt, one } from "./dom.js";
import { hearPastes } from "./drop.js";
import { Film } from "./film.js";
import { Paint } from "./paint.js";
import { Learn, Optimise } from "./studies.js";

const tabs = all("[role=tab]");

/** Show a tab's panel; focus: whether its tab is to be where the keyboard is. */
function open(tab, focus = false) {
  for (const each of tabs) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (focus) tab.focus();
  history.replaceState(null, "", `#${tab.getAttribute("aria-controls")}`);
}

function moveBetweenTabs(event) {
  const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -tabs.length, End: tabs.length };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const at = tabs.indexOf(event.target) + steps[event.key];
  const wraps = event.key.startsWith("Arrow");
  open(tabs[wraps ? (at + tabs.length) % tabs.length : Math.min(Math.max(at, 0), tabs.length - 1)], true);
}

/** Say on a panel what is to be installed for it, in place of what needs it. */
function close(name, sentence) {
  const panel = document.getElementById(name);
  const missing = one("[data-missing]", panel);
  missing.textContent = sentence;
  missing.hidden = false;
  for (const element of all("[data-drop], fieldset, .slider, button, .hint", panel)) element.hidden = true;
}

for (const tab of tabs) {
  tab.addEventListener("click", () => open(tab));
  tab.addEventListener("keydown", moveBetweenTabs);
}
// A file that is dropped beside a place for it does not take the page's place.
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());

attempt(async () => {
  const facts = await ask("facts");
  const paint = new Paint(document.getElementById("paint"), facts);
  const film = new Film(document.getElementById("film"));
  const learn = new Learn(document.getElementById("learn"), (style) => {
    open(tabs[0], true);
    paint.paintWith(style.id);
  });
  const optimise = new Optimise(document.getElementById("optimise"));
  for (const look of [paint.look, film.look]) {
    for (const style of facts.styles) look.add({ id: style.name, ...style });
    document.addEventListener("style", (event) => look.add(event.detail, true));
  }
  const places = { paint: (file) => paint.bring(file), film: (file) => film.bring(file) };
  Object.assign(places, { learn: (file) => learn.take(file), optimise: (file) => optimise.take(file) });
  hearPastes((file) => places[all("[role=tabpanel]").find((panel) => !panel.hidden).id](file));
  for (const [name, sentence] of Object.entries(facts.missing)) close(name, sentence);
  document.body.dataset.ready = "";
});

open(tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash) ?? tabs[0]);
