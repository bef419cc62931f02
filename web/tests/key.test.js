// The key against what the official SDK has derived.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { toBase64, toHex } from "../src/bytes.js";
import { publicKey, secretKey } from "../src/key.js";

const read = (name) => JSON.parse(readFileSync(new URL(`../../tests/vectors/sdk/${name}`, import.meta.url), "utf8"));
const { vectors } = read("key_derivation.json");

for (const { name, password, salt, key_hex, key_base64, box_public_key_base64, ...vector } of vectors) {
  if (key_hex === undefined) continue;
  test(`the key of ${name} is the SDK's`, async () => {
    assert.equal(vector.N, 16384);
    const secret = await secretKey(password, salt);
    assert.equal(toHex(secret), key_hex);
    assert.equal(toBase64(secret), key_base64);
    assert.equal(await publicKey(password, salt), box_public_key_base64);
  });
}

test("there are vectors of every kind", () => {
  const derived = vectors.filter(({ key_hex }) => key_hex !== undefined);
  assert.ok(derived.length >= 5, `${derived.length}`);
  assert.ok(derived.some(({ password }) => password !== password.normalize("NFKC")), "one that NFKC changes");
});

test("a salt that is no user's id is refused", async () => {
  for (const salt of ["", "x", "9f51b3b2-4cbe-1c2b-8ea3-0b0c1b2f1a11", "9f51b3b24cbe4c2b8ea30b0c1b2f1a11"]) {
    await assert.rejects(secretKey("a password", salt), /no user id/);
  }
});

test("the page stays alive while a key is made", async () => {
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 1);
  await secretKey("a password", "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11");
  clearInterval(timer);
  assert.ok(ticks > 0);
});
