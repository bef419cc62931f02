// The whole service with a development node, as `idos-issuer dev` runs it, and calls of its API.

import { randomUUID } from "node:crypto";

import { startServer } from "./process.js";

const binary = process.env.IDOS_ISSUER_BIN ?? "target/debug/idos-issuer";
const anywhere = ["--listen", "--node-listen", "--mailbox-listen"].flatMap((name) => [name, "127.0.0.1:0"]);

/** Starts it; `ready` has its URLs and an API key. */
export const startService = (...more) => startServer({ command: binary, args: ["dev", "--json", "--no-people", ...anywhere, ...more] });

/** One call: the status, and what was answered. */
export async function call({ ready }, method, path, body, once = randomUUID()) {
  const headers = { Authorization: `Bearer ${ready.apiKey}`, "Content-Type": "application/json", "Idempotency-Key": once };
  const answer = await fetch(ready.url + path, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, ...(await answer.json()) };
}

/** Asks again and again for something that comes by itself. */
export async function until(look, what) {
  for (let tries = 0; tries < 300; tries++) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not come`);
}
