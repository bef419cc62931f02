// A provider's back end: what it does so that a user whom it has verified gets an idOS credential. Node.js 20, no packages.
// ISSUER_URL and ISSUER_KEY name the service and an API key, WEBHOOK_SECRET what it signs events with, RESULT a file of yours.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
const { ISSUER_URL, ISSUER_KEY, WEBHOOK_SECRET, RESULT, PORT = "3000" } = process.env;
// `once` is a name of yours for what is made: however often the same is sent under it, it is made once.
async function issuer(method, path, body, once) {
  const headers = { Authorization: `Bearer ${ISSUER_KEY}`, "Content-Type": "application/json", "Idempotency-Key": once ?? "-" };
  const answer = await fetch(ISSUER_URL + path, { method, headers, body: body && JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.title), { status: answer.status, said });
  // What is under way is asked for again; the answer comes as soon as there is something new.
  const underWay = method === "GET" && ["pending", "queued", "uploading", "awaiting_profile"].includes(said.state);
  return underWay ? issuer(method, path) : said;
}
const withFiles = (_, value) => (value?.file ? { base64: readFileSync(join(dirname(RESULT), value.file), "base64") } : value);
function isSigned(headers, body) {
  const [id, time, signatures] = ["id", "timestamp", "signature"].map((name) => headers[`webhook-${name}`] ?? "");
  const key = Buffer.from(WEBHOOK_SECRET.replace("whsec_", ""), "base64");
  const ours = Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64")}`);
  const all = signatures.split(" ").map((one) => Buffer.from(one)).filter((one) => one.length === ours.length);
  return Math.abs(Date.now() / 1000 - time) < 300 && all.some((one) => timingSafeEqual(one, ours));
}
const steps = {
  "/wallet": (ask) => issuer("POST", "/v1/wallets/challenge", ask), // what the wallet is to sign: that it is the user's
  // It is signed: the profile is made. The answer is the text that permits one credential.
  "/profile": async (ask) => {
    const { id } = await issuer("POST", "/v1/profiles", { ...ask, passwordStore: "user" }, `profile-${ask.userId}`);
    const { state, halt } = await issuer("GET", `/v1/profiles/${id}?wait=30`);
    if (state !== "created") throw new Error(halt.cure);
    return issuer("POST", "/v1/write-grants", { owner: { type: ask.wallet.type, address: ask.wallet.address } });
  },
  // That is signed, too: your result becomes a credential.
  "/permit": async ({ userId, reference, email, writeGrant }) => {
    const evidence = JSON.parse(readFileSync(RESULT, "utf8"), withFiles);
    const [delivery, contact] = [{ by: "write_grant", writeGrant }, { email, locale: "en" }];
    const submission = { userId, kind: "kyc", evidence, delivery, contact, reference };
    const { id } = await issuer("POST", "/v1/issuances", submission, `issuance-${reference}`);
    return issuer("GET", `/v1/issuances/${id}?wait=30`);
  },
  // What becomes of it later: go on with your case here. An event may come twice, with the same webhook-id.
  "/webhooks": (event, { headers }, body) => {
    if (!isSigned(headers, body)) throw Object.assign(new Error("not signed by the issuer"), { status: 401 });
    console.log(JSON.stringify(event));
  },
  // The link of a reminder: verify the person anew, and submit the new result with `renews`, which is in the answer.
  "/renew": async (_, { url }) => {
    const { issuances } = await issuer("POST", "/v1/renewals/redeem", { token: new URL(url, ISSUER_URL).searchParams.get("token") });
    return issuances.map(({ id }) => ({ renews: id }));
  },
};
createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  const step = async () => steps[request.url.split("?")[0]](body && JSON.parse(body), request, body);
  const failed = ({ status = 500, said, message }) => [status, said ?? { title: message }];
  const [status, answer] = await step().then((made) => [200, made ?? {}], failed);
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
}).listen(PORT, "127.0.0.1", () => console.log("{}"));
