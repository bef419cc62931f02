// Both ways to issue and to judge credentials: ours, in a helper process, and that of the npm packages.

import assert from "node:assert/strict";
import { after } from "node:test";

import { encodeFileRegularly } from "./base85.js";
import { issue, issuerKey, verify } from "./credential.js";
import { rustCommand } from "./paths.js";
import { LineProcess } from "./process.js";
import { encodeValues } from "./values.js";

export const ISSUER = "https://issuer.example/idos";
export const CREATED = "2026-08-10T12:34:56Z";
export const SEED = Buffer.alloc(32, 7);

export const key = await issuerKey({ issuer: ISSUER, seed: SEED });

const helper = new LineProcess(
  rustCommand("IDOS_INTEROP_BIN", ["run", "-q", "-p", "idos-credential", "--example", "interop"]),
);
after(() => helper.stop());

/** Asks our side; see the example `interop` of `idos-credential`. */
export function ask(request) {
  return helper.ask(request);
}

/** What a credential says of itself. */
export function fields(more = {}) {
  return { id: `${ISSUER}/credentials/1`, level: "basic+liveness", ...more };
}

export function rustIssue({ kind = "kyc", issuer = ISSUER, fields, subject, created = CREATED }) {
  const values = { fields: encodeValues(fields), subject: encodeValues(subject) };
  return ask({ op: "issue", seedHex: SEED.toString("hex"), issuer, kind, created, ...values });
}

export async function jsIssue({ kind = "kyc", issuer = ISSUER, fields, subject, created = CREATED }) {
  const key = await issuerKey({ issuer, seed: SEED });
  return issue({ kind, key, fields, subject, created, files: encodeFileRegularly });
}

/** The same by both ways, byte by byte, and each verified by the other. Gives the credential's text. */
export async function agree(input) {
  const ours = await rustIssue(input);
  assert.equal(ours.error, undefined);
  const theirs = await jsIssue(input);
  assert.equal(ours.credential, theirs);

  const issuers = [{ issuer: input.issuer ?? ISSUER, publicKeyMultibase: key.publicKeyMultibase }];
  const at = input.created ?? CREATED;
  assert.deepEqual(await verify({ credential: ours.credential, issuers, at }), { verified: true });
  assert.deepEqual(await ask({ op: "verify", credential: theirs, issuers, at }), { verified: true });
  return theirs;
}

/** Both verdicts. `oldSubjects` asks ours to take subjects of version 1, which the npm packages always do. */
export async function bothVerify({ credential, issuers, at, oldSubjects = false }) {
  const ours = await ask({ op: "verify", credential, issuers, at, oldSubjects });
  if (!ours.verified) assert.equal(typeof ours.reason, "string");
  return { ours: ours.verified, theirs: (await verify({ credential, issuers, at })).verified };
}
