// Sends a file of results, a line each, and prints the verdicts while it does. Node.js 20, no packages: node import.mjs FILE [FROM]
// ISSUER_URL and ISSUER_KEY name the service and an API key. KEY is the file's Idempotency-Key: the same for each attempt at the same file.
import { createReadStream } from "node:fs";
import { request as http } from "node:http";
import { request as https } from "node:https";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
const { ISSUER_URL, ISSUER_KEY, KEY = "import.mjs" } = process.env;
const [, , file, from = "1"] = process.argv;
const headers = { Authorization: `Bearer ${ISSUER_KEY}`, "Idempotency-Key": KEY, "Content-Type": "application/x-ndjson" };
// Not fetch: its standard lets it keep the answer until all is sent. This reads and writes at the same time.
const call = (ISSUER_URL.startsWith("https:") ? https : http)(`${ISSUER_URL}/v1/imports?from=${from}`, { method: "POST", headers });
async function* rest() {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) if (++number >= from) yield `${line}\n`;
}
const sent = pipeline(rest, call).catch((error) => console.error(`sending ended: ${error.code}`));
const answer = await new Promise((resolve, reject) => call.once("response", resolve).once("error", reject));
let last;
for await (const line of createInterface({ input: answer })) console.log((last = line));
await sent;
// Where this is not so, go on: with the same KEY, FROM being `next` of the last line, or the number behind that of the last verdict.
process.exitCode = JSON.parse(last).complete === true ? 0 : 1;
