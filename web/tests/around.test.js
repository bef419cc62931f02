// What the page around a frame is told, and how a consumer's link becomes a claim.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Around } from "../src/around.js";
import { begin } from "../src/start.js";
import { codeOf } from "../src/words.js";

const main = (frames) => ({ dataset: { frames } });

/** A window in a frame, and what its parent is sent. */
function inFrame() {
  const sent = [];
  return { sent, window: { parent: { postMessage: (message, origin) => sent.push([origin, message]) } } };
}

test("configured origins alone are told, and the end once", () => {
  const { sent, window } = inFrame();
  const around = new Around(main("https://a.example https://b.example"), window);
  assert.equal(around.isThere, true);
  around.open("https://kyc.example/check");
  around.fail("declined");
  around.complete();
  around.fail("failed");
  const open = { open: "https://kyc.example/check", target: "_blank", features: "noopener,noreferrer" };
  const error = { error: { code: "declined" } };
  assert.deepEqual(sent, [
    ["https://a.example", open],
    ["https://b.example", open],
    ["https://a.example", error],
    ["https://b.example", error],
  ]);
});

test("nobody is told where nobody is named, or nobody is there", () => {
  for (const frames of [undefined, "", "  "]) {
    const { sent, window } = inFrame();
    const around = new Around(main(frames), window);
    around.complete();
    assert.deepEqual([around.isThere, sent], [false, []]);
  }
  const alone = {};
  alone.parent = alone;
  const around = new Around(main("https://a.example"), alone);
  around.complete();
  assert.equal(around.isThere, false);
});

test("views have the codes that led to them", () => {
  assert.equal(codeOf("expired"), "link_expired");
  assert.equal(codeOf("declined"), "declined");
});

/** Begins at a consumer's link, with a service that answers so. */
async function beginAt(t, href, status, body) {
  const { sent, window } = inFrame();
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url, { body: text }) => {
    asked.push([url, JSON.parse(text)]);
    return new Response(JSON.stringify(body), { status });
  });
  const states = [];
  Object.assign(window, { location: { href }, history: { replaceState: (_, __, url) => states.push(String(url)) } });
  const page = { provider: "A", show: () => {}, alert: () => {} };
  const address = await begin({ path: "kyc/start", page, around: new Around(main("https://a.example"), window), from: window });
  return { address, asked, states, sent };
}

test("a token becomes the address of a claim, below whatever path there is", async (t) => {
  const { address, asked, states, sent } = await beginAt(t, "https://i.example/x/kyc?token=T.T.T&lang=de&walletAddress=0x", 200, { claim: "abc" });
  assert.deepEqual(asked, [["https://i.example/x/kyc/start", { token: "T.T.T" }]]);
  assert.equal(address, "https://i.example/x/claim/abc?lang=de");
  assert.deepEqual([states, sent], [[address], []]);
});

test("what a service answers leads nowhere else", async (t) => {
  const { address } = await beginAt(t, "https://i.example/kyc?token=T", 200, { claim: "//evil.example/..%2f" });
  assert.equal(new URL(address).origin, "https://i.example");
});

test("a token that is not taken ends it, and is told", async (t) => {
  const type = "urn:idos-issuer:problem:token_refused";
  const { address, states, sent } = await beginAt(t, "https://i.example/kyc", 403, { type, errors: [{ pointer: "/token" }] });
  assert.deepEqual([address, states], [null, []]);
  assert.deepEqual(sent, [["https://a.example", { error: { code: "token_refused" } }]]);
});
