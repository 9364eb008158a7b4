// The page: takes a photo, asks the painter in its worker, and shows what comes back.

const [photoInput, style, strength, size, percent, status, canvas, save, credits] = [
  "photo", "style", "strength", "size", "percent", "status", "painting", "save", "credits",
].map((id) => document.getElementById(id));
const context = canvas.getContext("2d");
const painter = new Worker("painter.js", { type: "module" });

let photo = null; // what was chosen, as the browser decoded it
let busy = false; // whether the painter is at work
let waiting = false; // whether something changed meanwhile

function say(text) {
  status.textContent = text;
}

function paint() {
  if (!photo || !style.value) return;
  if (busy) {
    waiting = true;
    return;
  }
  const scale = Math.min(1, Number(size.value) / Math.max(photo.width, photo.height));
  const width = Math.max(1, Math.round(photo.width * scale));
  const height = Math.max(1, Math.round(photo.height * scale));
  const sheet = new OffscreenCanvas(width, height).getContext("2d");
  sheet.imageSmoothingQuality = "high";
  sheet.drawImage(photo, 0, 0, width, height);
  const { data } = sheet.getImageData(0, 0, width, height);
  busy = true;
  say("Painting …");
  const request = { data, width, height, style: style.value, strength: Number(strength.value) / 100 };
  painter.postMessage(request, [data.buffer]);
}

async function open(file) {
  try {
    photo = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    say(`${file.name || "This file"} is not a picture that this browser can read.`);
    return;
  }
  paint();
}

async function show({ data, width, height, seconds, title }) {
  canvas.width = width;
  canvas.height = height;
  context.putImageData(new ImageData(data, width, height), 0, 0);
  canvas.setAttribute("aria-label", `Your photo in the style of ${title}`);
  say(`Painted in ${seconds.toFixed(1)} seconds, ${width} by ${height} pixels.`);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  URL.revokeObjectURL(save.href);
  save.href = URL.createObjectURL(blob);
  save.hidden = false;
}

painter.onmessage = ({ data: answer }) => {
  if (answer.ready) {
    say("Ready. Choose a photo.");
    paint();
    return;
  }
  busy = false;
  if (answer.error) say(`This could not be painted: ${answer.error}`);
  else show(answer);
  if (waiting) {
    waiting = false;
    paint();
  }
};
painter.onerror = () => say("The painter could not be started: this browser lacks WebAssembly or module workers.");

function describe() {
  const { artist, title, year, licence } = style.selectedOptions[0].dataset;
  credits.textContent = `${artist}, ${title}, ${year} (${licence}).`;
}

for (const { name, artist, title, year, licence } of await (await fetch("styles.json")).json()) {
  const option = new Option(`${artist}: ${title}`, name);
  Object.assign(option.dataset, { artist, title, year, licence });
  style.add(option);
}
describe();

photoInput.addEventListener("change", () => photoInput.files.length && open(photoInput.files[0]));
style.addEventListener("change", () => (describe(), paint()));
size.addEventListener("change", paint);
strength.addEventListener("input", () => (percent.value = `${strength.value} %`));
strength.addEventListener("change", paint);
document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());
addEventListener("dragover", (event) => (event.preventDefault(), document.body.classList.add("dropping")));
addEventListener("dragleave", () => document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  if (event.dataTransfer.files.length) open(event.dataTransfer.files[0]);
});
addEventListener("paste", (event) => event.clipboardData.files.length && open(event.clipboardData.files[0]));

if ("serviceWorker" in navigator) navigator.serviceWorker.register("offline.js"); // absent without https, but on localhost
