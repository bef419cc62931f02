// Receipts of erasures: what we sign is what the npm packages sign of the same document, and neither takes it changed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as vc from "@digitalbazaar/vc";
import { Ed25519Signature2020 } from "@digitalbazaar/ed25519-signature-2020";

import { ask, CREATED, ISSUER, key, SEED } from "../lib/both.js";
import { documentLoader, ED25519_2020, W3C_CREDENTIALS } from "../lib/contexts.js";
import { verify } from "../lib/credential.js";

const issuers = [{ issuer: ISSUER, publicKeyMultibase: key.publicKeyMultibase }];

async function signed(lockedUntil) {
  const answer = await ask({ op: "receipt", seedHex: SEED.toString("hex"), issuer: ISSUER, created: CREATED, lockedUntil });
  assert.equal(answer.error, undefined);
  return answer.credential;
}

async function ours(credential) {
  return (await ask({ op: "verify-receipt", credential, issuers, at: CREATED })).verified;
}

async function theirs(credential) {
  return (await verify({ credential, issuers, at: CREATED })).verified;
}

describe("the receipt of an erasure", () => {
  for (const lockedUntil of [undefined, "2027-01-01T00:00:00Z"]) {
    test(`is a credential that they verify (${lockedUntil})`, async () => {
      const text = await signed(lockedUntil);
      assert.equal(await theirs(text), true);
      assert.equal(await ours(text), true);

      // Signed by them, it is the same to the letter.
      const { proof, ...credential } = JSON.parse(text);
      assert.deepEqual(credential["@context"], [W3C_CREDENTIALS, ED25519_2020]);
      const suite = new Ed25519Signature2020({ key, date: new Date(CREATED) });
      const issued = await vc.issue({ credential, suite, documentLoader });
      assert.deepEqual(issued.proof, proof);

      for (const name of Object.keys(credential.credentialSubject)) {
        if (name === "@context") continue;
        const changed = structuredClone({ ...credential, proof });
        const value = changed.credentialSubject[name];
        changed.credentialSubject[name] = typeof value === "number" ? value + 1 : `${value}x`;
        const said = JSON.stringify(changed);
        assert.equal(await theirs(said), false, name);
        assert.equal(await ours(said), false, name);
      }
    });
  }
});
