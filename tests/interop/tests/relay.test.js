// A consumer of upstream's relay, with the library that it makes its tokens with: npm `jsonwebtoken`, as its examples call it.

import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";

import jwt from "jsonwebtoken";

import { startServer } from "../lib/process.js";

const anywhere = ["--listen", "127.0.0.1:0", "--node-listen", "127.0.0.1:0", "--mailbox-listen", "127.0.0.1:0"];
const command = process.env.IDOS_ISSUER_BIN ?? "target/debug/idos-issuer";
const server = await startServer({ command, args: ["dev", "--json", "--no-people", ...anywhere] });
after(() => server.stop());
const { url, apiKey } = server.ready;

const post = (path, body, headers) =>
  fetch(`${url}${path}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });

/** As the dashboard of upstream registers one. */
async function register(publicKey) {
  const consumer = {
    name: "Example Exchange",
    email: "kyc@exchange.example",
    publicKey,
    consumerWallet: `0x${"ab".repeat(20)}`,
    consumerEncPubKey: "CSpRJc8dcnC4dMeBaKKYlQyA3GhAtLCTMM6HVyIx1kQ=",
    blockedCountries: [],
  };
  const answer = await post("/developer/console/clients", consumer, { authorization: `Bearer ${apiKey}` });
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).id;
}

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-521" });
const pem = privateKey.export({ type: "pkcs8", format: "pem" });
const clientId = await register(publicKey.export({ type: "spki", format: "pem" }));

const start = (token) => post("/kyc/start", { token }, { "sec-fetch-site": "same-origin" });
const claims = (more = {}) => ({ clientId, kyc: true, level: "basic+liveness+idos", externalUserId: randomUUID(), ...more });
const es512 = (payload, options = {}) => jwt.sign(payload, pem, { algorithm: "ES512", ...options });

describe("start links", () => {
  test("tokens of jsonwebtoken are taken, with an end and without", async () => {
    for (const options of [{}, { expiresIn: "1h" }, { expiresIn: 60 }]) {
      const answer = await start(es512(claims(), options));
      assert.equal(answer.status, 200, await answer.clone().text());
      assert.match((await answer.json()).claim, /^[\w-]{43}$/);
    }
  });

  test("a key is taken in every form that Node writes it in", async () => {
    for (const form of [publicKey.export({ format: "jwk" }), JSON.stringify(publicKey.export({ format: "jwk" }))]) {
      const token = es512(claims({ clientId: await register(form) }));
      assert.equal((await start(token)).status, 200);
    }
  });

  test("what jsonwebtoken signs otherwise is refused", async () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey;
    const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    for (const [token, status] of [
      [jwt.sign(claims(), null, { algorithm: "none" }), 403],
      [jwt.sign(claims(), publicKey.export({ type: "spki", format: "der" }), { algorithm: "HS512" }), 403],
      [jwt.sign(claims(), p256, { algorithm: "ES256" }), 403],
      [jwt.sign(claims(), other, { algorithm: "ES512" }), 403],
      [es512(claims(), { expiresIn: "2h" }), 403],
      [es512(claims(), { notBefore: "10m" }), 403],
      [es512(claims({ iat: Math.floor(Date.now() / 1000) - 5000 })), 410],
      [es512({ api: true, clientId }), 403],
    ]) {
      const answer = await start(token);
      assert.equal(answer.status, status, await answer.text());
    }
  });
});

test("a consumer asks with a token for that, and for nobody else's", async () => {
  const ask = (token) => fetch(`${url}/providers/sumsub/sharedToken/${randomUUID()}`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask(es512({ api: true, clientId }, { expiresIn: 600 }))).status, 404);
  assert.equal((await ask(es512(claims(), { expiresIn: 600 }))).status, 401);
  assert.equal((await ask(apiKey)).status, 401);
});
