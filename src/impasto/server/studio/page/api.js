// Requests to the server, and what to say when they fail.

/** Ask the server; json: what to send as JSON; body: what to send as it is.  Throws Error with a sentence. */
export async function ask(path, wish) {
  const answer = await asked(path, wish);
  return answer.headers.get("Content-Type").startsWith("application/json") ? answer.json() : answer.blob();
}

/** Ask the server, and give the lines of its answer, each JSON, as they come. */
export async function* lines(path) {
  const reader = (await asked(path)).body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let begun = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (begun + value).split("\n");
      begun = parts.pop();
      yield* parts.map((part) => JSON.parse(part));
    }
  } finally {
    await reader.cancel();
  }
}

async function asked(path, { json, body, method = json || body ? "POST" : "GET" } = {}) {
  const headers = json ? { "Content-Type": "application/json" } : { "Content-Type": "application/octet-stream" };
  let answer;
  try {
    answer = await fetch(`studio/${path}`, { method, headers: method === "GET" ? {} : headers, body: json ? JSON.stringify(json) : body });
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  if (!answer.ok) throw new Error(await reason(answer));
  return answer;
}

let welcome = false;
let before = Promise.resolve();

/**
 * Bring a file to the server; what: pictures, films or styles.
 * The answer to the first says who we are, so until there is one, files go one by one: else each would be a visitor's own.
 */
export function bring(what, file) {
  const sent = async () => {
    const facts = await ask(`${what}?name=${encodeURIComponent(file.name)}`, { body: file });
    welcome = true;
    return facts;
  };
  if (welcome) return sent();
  const brought = before.then(sent);
  before = brought.catch(() => {});
  return brought;
}

async function reason(answer) {
  try {
    return (await answer.json()).error.message;
  } catch {
    return `The server could not do this (${answer.status}); its log says why.`;
  }
}
