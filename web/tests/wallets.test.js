// What wallets answer, against signatures that the official SDK has judged.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { concat, fromHex, toBase64 } from "../src/bytes.js";
import * as check from "../src/wallets/check.js";
import { WalletError } from "../src/wallets/error.js";

const read = (name) => JSON.parse(readFileSync(new URL(`../../tests/vectors/sdk/${name}`, import.meta.url), "utf8"));
const { vectors } = read("wallets.json");
const named = (name) => vectors.find((vector) => vector.name === name);

/** Whether the page takes the signature; anything but a WalletError is a fault of the page. */
function taken({ wallet_type, payload: { address, signature, message, public_key } }) {
  try {
    switch (wallet_type) {
      case "EVM":
        check.evmSignature(signature, message, check.evmAddress(address));
        break;
      case "XRPL":
        check.xrplSignature(signature, message, check.xrplAccount(address, public_key[0]).publicKey);
        break;
      case "Stellar":
        check.stellarSignature(signature, message, check.stellarKey(address));
        break;
      default:
        return null;
    }
    return true;
  } catch (error) {
    assert.ok(error instanceof WalletError, String(error));
    return false;
  }
}

/** What the page judges otherwise than the SDK, and why. */
const OTHERWISE = {
  evm_empty_message: [true, "the SDK throws on an empty text; no text to sign is empty"],
  xrpl_ed25519_any_address: [false, "the address must be the key's"],
  stellar_trailing_non_hex_ignored: [false, "read whole"],
  stellar_base64_signature: [true, "wallets answer so; sent on in hexadecimal"],
  stellar_public_key_G_address: [true, "the key is that of the address"],
  stellar_public_key_31_bytes: [true, "the key is that of the address"],
};

for (const vector of vectors) {
  const expected = OTHERWISE[vector.name]?.[0] ?? vector.sdk_result === true;
  const found = taken(vector);
  if (found !== null) test(`${vector.name}: ${expected ? "taken" : "refused"}`, () => assert.equal(found, expected));
}

test("a signature with v of 0 or 1 is sent on with 27 or 28", () => {
  const { payload } = named("evm_v_0_1");
  const valid = named("evm_valid").payload;
  assert.equal(check.evmSignature(payload.signature, payload.message, payload.address), valid.signature.toLowerCase());
});

test("who has answered is told from what was answered", () => {
  const reason = (run) => {
    try {
      run();
    } catch (error) {
      return error.reason;
    }
    return null;
  };
  const { message, address, signature } = named("evm_valid").payload;
  assert.equal(reason(() => check.evmSignature(signature, message, named("evm_wrong_address").payload.address)), "wrong_account");
  assert.equal(reason(() => check.evmSignature(signature, `${message} `, address)), "wrong_account");
  assert.equal(reason(() => check.evmSignature(`0x${"00".repeat(200)}`, message, address)), "contract");
  assert.equal(reason(() => check.evmSignature(`0x${"00".repeat(65)}`, message, address)), "bad_answer");
  for (const answer of [null, undefined, 7, {}, [], "", "0X", "0xzz!", `0x${"ab".repeat(20)} `, true, { toString: () => signature }]) {
    assert.equal(reason(() => check.evmSignature(answer, message, address)), "bad_answer");
    assert.equal(reason(() => check.evmAddress(answer)), "bad_answer");
    assert.equal(reason(() => check.stellarKey(answer)), "bad_answer");
    assert.equal(reason(() => check.xrplAccount(answer, answer)), "bad_answer");
    assert.equal(reason(() => check.nearAccount(answer)), "bad_answer");
    assert.equal(reason(() => check.nearKey(answer)), "bad_answer");
    const key = check.stellarKey(named("stellar_valid").payload.address);
    assert.equal(reason(() => check.stellarSignature(answer, message, key)), "bad_answer");
    assert.equal(reason(() => check.xrplSignature(answer, message, named("xrpl_secp256k1_valid").payload.public_key[0])), "bad_answer");
  }
});

test("NEAR accounts are names of NEAR", () => {
  for (const account of ["alice.near", "a-b_c.d", "ab".repeat(32)]) assert.equal(check.nearAccount(account), account);
  for (const account of ["a", "Alice.near", ".near", "a..b", "ab".repeat(33), `0x${"ab".repeat(20)}`]) {
    assert.throws(() => check.nearAccount(account), { reason: "bad_answer" }, account);
  }
});

test("what is signed by NEP-413 is put together as the SDK does", () => {
  for (const name of ["near_valid", "near_valid_long"]) {
    const { payload } = named(name);
    const blob = fromHex(payload.signature.toLowerCase());
    const length = (blob[0] << 8) | blob[1];
    const signed = blob.subarray(2, 2 + length);
    const at = 8 + new TextEncoder().encode(payload.message).length;
    const nonce = signed.subarray(at, at + 32);
    const size = signed[at + 32];
    const recipient = new TextDecoder().decode(signed.subarray(at + 36, at + 36 + size));
    const ours = check.nep413({ message: payload.message, nonce, recipient });
    assert.deepEqual(ours, Uint8Array.from(signed));
    const signature = toBase64(blob.subarray(2 + length));
    assert.equal(check.nearSignature(signature, ours, payload.public_key[0]), payload.signature);
    const other = concat(ours, new Uint8Array(1));
    assert.throws(() => check.nearSignature(signature, other, payload.public_key[0]), { reason: "wrong_account" });
  }
});

test("names and pictures of wallets are made harmless", () => {
  assert.equal(check.name("Meta\u202eMask\n\u0000", "x"), "MetaMask");
  assert.equal(check.name("  ", "x"), "x");
  assert.equal(check.name(null, "x"), "x");
  assert.equal([...check.name("😀".repeat(100), "x")].length, 40);
  assert.equal(check.icon("https://tracker.example/pixel.png"), null);
  assert.equal(check.icon("javascript:alert(1)"), null);
  assert.equal(check.icon("data:text/html,<script>"), null);
  assert.equal(check.icon("data:image/png;base64,AAAA"), "data:image/png;base64,AAAA");
});
