// NEP-413 blobs as the SDK writes and checks them, with its codec `borsh`: what counts is what was signed, and "no
// callback URL" is something else than an empty one.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";

import { deserialize, serialize } from "borsh";

import { run } from "../lib/process.js";
import { nacl } from "../lib/sealing.js";
import { nearWallet, OWNERSHIP_MESSAGE as message } from "../lib/wallets.js";

const binary = process.env.IDOS_ISSUER_BIN ?? "target/debug/idos-issuer";
const seed = new Uint8Array(32).fill(9);
const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
const schema = {
  struct: {
    tag: "u32",
    message: "string",
    nonce: { array: { type: "u8", len: 32 } },
    recipient: "string",
    callbackUrl: { option: "string" },
  },
};
const payload = (callbackUrl, recipient = "idos.network") => ({
  tag: 2 ** 31 + 413,
  message,
  nonce: new Array(32).fill(7),
  recipient,
  callbackUrl,
});
const digest = (value) => createHash("sha256").update(serialize(schema, value)).digest();

/** A blob that says `shown`, over a signature of `signed`. */
function blob(shown, signed) {
  const bytes = serialize(schema, shown);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes, nacl.sign.detached(digest(signed), secretKey)]);
}

/** The SDK's check: what the blob says is read and written again, with the message in its place. */
function theirs(bytes) {
  const end = 2 + bytes.readUInt16BE(0);
  const read = deserialize(schema, bytes.subarray(2, end));
  return nacl.sign.detached.verify(digest({ ...read, message }), bytes.subarray(end), publicKey);
}

async function ours(bytes) {
  const { publicKey: key } = nearWallet(seed);
  const proof = { wallet_type: "NEAR", address: "holder.near", public_key: key, message, signature: bytes.toString("hex") };
  const { code, stdout, stderr } = await run({ command: binary, args: ["check-wallet", "-"] }, JSON.stringify(proof));
  assert.ok(code === 0 || code === 1, stdout + stderr);
  return code === 0;
}

describe("callback URLs", () => {
  const urls = [undefined, null, "", " ", "https://example.org/", "https://example.org/?a=ü\u{1f600}"];
  for (const shown of urls) {
    test(`${JSON.stringify(shown)} is judged as the SDK judges it`, async () => {
      for (const signed of urls) {
        const bytes = blob(payload(shown), payload(signed));
        const verdict = theirs(bytes);
        assert.equal(verdict, (shown ?? null) === (signed ?? null));
        assert.equal(await ours(bytes), verdict, `signed ${JSON.stringify(signed)}`);
      }
    });
  }
});
