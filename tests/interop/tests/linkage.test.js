// Wallet linkage: what we sign is what the npm packages sign for the same wallets, and neither takes it changed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as vc from "@digitalbazaar/vc";
import { Ed25519Signature2020 } from "@digitalbazaar/ed25519-signature-2020";
import { getAddress } from "ethers";

import { ask, CREATED, ISSUER, key, rustIssue } from "../lib/both.js";
import { documentLoader, ED25519_2020, IDOS_CREDENTIALS, W3C_CREDENTIALS } from "../lib/contexts.js";
import { verify } from "../lib/credential.js";
import { Random } from "../lib/random.js";

const issuers = [{ issuer: ISSUER, publicKeyMultibase: key.publicKeyMultibase }];
const TERMS = "urn:idos-issuer:wallet-linkage:1#";
const CONTEXT = {
  "@version": 1.1,
  "@protected": true,
  wallets: { "@id": `${TERMS}wallet` },
  provenAt: { "@id": `${TERMS}provenAt`, "@type": "http://www.w3.org/2001/XMLSchema#dateTime" },
};
const OTHERS = [
  "xrpl:0:rrrrrrrrrrrrrrrrrrrrBZbvji",
  "stellar:pubnet:GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF",
];

function wallet(random, n) {
  const evm = `eip155:${1 + random.below(1e6)}:${getAddress(`0x${random.bytes(20).toString("hex")}`)}`;
  const near = `near:mainnet:${random.bytes(32).toString("hex")}`;
  // Few times, so that some are the same.
  const provenAt = `2026-01-0${1 + random.below(4)}T03:04:05Z`;
  return { id: OTHERS[n] ?? (random.chance(1, 3) ? near : evm), provenAt };
}

function inOrder(wallets) {
  const name = ({ id, provenAt }) => `${provenAt} ${id}`;
  return [...wallets].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

function uuid(random) {
  return random.bytes(16).toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

async function theirs({ user, wallets, approvedAt }) {
  const credential = {
    "@context": [W3C_CREDENTIALS, IDOS_CREDENTIALS, ED25519_2020],
    type: ["VerifiableCredential"],
    issuer: key.controller,
    id: `${ISSUER}/credentials/1`,
    level: "linked",
    approvedAt,
    credentialSubject: { "@context": CONTEXT, id: `urn:uuid:${user}`, wallets },
    issuanceDate: CREATED,
  };
  const suite = new Ed25519Signature2020({ key, date: new Date(CREATED) });
  return JSON.stringify(await vc.issue({ credential, suite, documentLoader }));
}

async function refusedByBoth(credential, what) {
  assert.equal((await verify({ credential, issuers, at: CREATED })).verified, false, what);
  assert.equal((await ask({ op: "verify", credential, issuers, at: CREATED })).verified, false, what);
}

/** The credential with its subject changed. */
function changed(text, change) {
  const credential = JSON.parse(text);
  change(credential.credentialSubject);
  const result = JSON.stringify(credential);
  assert.notEqual(result, text);
  return result;
}

describe("wallet linkage", () => {
  for (const seed of [1, 2, 3]) {
    test(`is issued alike, and taken by neither when changed (seed ${seed})`, async () => {
      const random = new Random(seed);
      for (let i = 0; i < 20; i++) {
        const given = Array.from({ length: 3 + random.below(30) }, (_, n) => wallet(random, n));
        const wallets = inOrder(given);
        const approvedAt = wallets.at(-1).provenAt.replace("Z", ".000Z");
        const user = uuid(random);

        const fields = { id: `${ISSUER}/credentials/1`, level: "linked", approvedAt };
        const ours = await rustIssue({ kind: "wallets", fields, subject: { user, wallets: given } });
        assert.equal(ours.error, undefined);
        const text = await theirs({ user, wallets, approvedAt });
        assert.equal(ours.credential, text);
        assert.deepEqual(await verify({ credential: text, issuers, at: CREATED }), { verified: true });
        assert.deepEqual(await ask({ op: "verify", credential: text, issuers, at: CREATED }), { verified: true });

        const at = random.below(wallets.length);
        const other = wallets.findIndex((wallet) => wallet.provenAt !== wallets[at].provenAt);
        if (other >= 0) {
          const trade = (subject) => {
            subject.wallets[at].provenAt = wallets[other].provenAt;
            subject.wallets[other].provenAt = wallets[at].provenAt;
            subject.wallets = inOrder(subject.wallets);
          };
          await refusedByBoth(changed(text, trade), "traded");
        }
        const drop = (subject) => subject.wallets.splice(at, 1);
        await refusedByBoth(changed(text, drop), "dropped");
        const add = (subject) => {
          subject.wallets = inOrder([...subject.wallets, wallet(random, 9)]);
        };
        await refusedByBoth(changed(text, add), "added");
        const rename = (subject) => {
          subject.id = `urn:uuid:${uuid(random)}`;
        };
        await refusedByBoth(changed(text, rename), "of somebody else");
        const alias = (subject) => {
          subject["@context"].wallets["@id"] = `${TERMS}other`;
        };
        await refusedByBoth(changed(text, alias), "of another context");
      }
    });
  }
});
