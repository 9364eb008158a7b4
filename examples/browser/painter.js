// The worker that paints: Impasto's network in ONNX Runtime, beside the page so that the page never stands still.

import * as ort from "./ort.wasm.bundle.min.mjs";

ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency || 1) : 1;

const network = ort.InferenceSession.create("network.onnx", { executionProviders: ["wasm"] });
const styles = new Map(); // what was read, by name

// A .style file is a safetensors file: eight bytes with the length of a JSON header, the header, the numbers.
async function read(name) {
  const bytes = await (await fetch(`styles/${name}.style`)).arrayBuffer();
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  const [first, last] = header.vector.data_offsets;
  const vector = new Float32Array(bytes.slice(8 + length + first, 8 + length + last));
  return { vector, title: `${header.__metadata__.title} by ${header.__metadata__.artist}` };
}

// RGBA bytes, row by row, as three planes in [0, 1], and back; alpha stays.
function toPlanes(data) {
  const count = data.length / 4;
  const planes = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) planes[c * count + i] = data[4 * i + c] / 255;
  }
  return planes;
}

function intoPixels(planes, data) {
  const count = data.length / 4;
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) data[4 * i + c] = Math.round(255 * planes[c * count + i]);
  }
}

async function paint({ data, width, height, style, strength }) {
  const session = await network;
  if (!styles.has(style)) styles.set(style, await read(style));
  const { vector, title } = styles.get(style);
  const began = performance.now();
  const { painting } = await session.run({
    picture: new ort.Tensor("float32", toPlanes(data), [1, 3, height, width]),
    style: new ort.Tensor("float32", vector, [1, vector.length]),
    strength: new ort.Tensor("float32", [strength], [1]),
  });
  intoPixels(painting.data, data);
  painting.dispose();
  return { data, width, height, title, seconds: (performance.now() - began) / 1000 };
}

self.onmessage = async ({ data: request }) => {
  try {
    const answer = await paint(request);
    postMessage(answer, [answer.data.buffer]);
  } catch (error) {
    postMessage({ error: error.message ?? String(error) });
  }
};

network.then(
  () => postMessage({ ready: true }),
  (error) => postMessage({ error: error.message }),
);
