// How users of the npm packages make and judge an idOS credential.

import { Ed25519Signature2020 } from "@digitalbazaar/ed25519-signature-2020";
import { Ed25519VerificationKey2020 } from "@digitalbazaar/ed25519-verification-key-2020";
import * as vc from "@digitalbazaar/vc";
import jsonld from "jsonld";
import jsigs from "jsonld-signatures";

import { encodeFile } from "./base85.js";
import {
  documentLoader,
  ED25519_2020,
  IDOS_CREDENTIALS,
  IDOS_CREDENTIALS_2,
  IDOS_SUBJECT,
  W3C_CREDENTIALS,
} from "./contexts.js";

/** The names that the short form of an issuer, a URL, stands for. */
export function issuerNames(issuer) {
  return { id: `${issuer}/keys/1`, controller: `${issuer}/issuers/1` };
}

export async function issuerKey({ issuer, seed }) {
  return Ed25519VerificationKey2020.generate({ seed, ...issuerNames(issuer) });
}

/** `{issuer, publicKeyMultibase}` or `{id, controller, publicKeyMultibase}`. */
function acceptedKey({ issuer, publicKeyMultibase, ...names }) {
  return new Ed25519VerificationKey2020({ ...(issuer ? issuerNames(issuer) : names), publicKeyMultibase });
}

/**
 * An unsigned credential. `fields` and `subject` hold Dates and Buffers; their order is the order in the result.
 * `files` encodes a Buffer and is the npm package's encoder unless a test wants another;
 * `contexts` (`envelope`, `subject`) are today's addresses unless a test wants old ones.
 */
export function buildCredential({ kind, controller, fields, subject, contexts = {}, files = encodeFile }) {
  const envelope = kind === "kyc-v3" ? IDOS_CREDENTIALS_2 : IDOS_CREDENTIALS;
  // The classes of the coming SDK write a list.
  const context = ["kyc-v3", "edd"].includes(kind) ? [IDOS_SUBJECT[kind]] : IDOS_SUBJECT[kind];
  return {
    "@context": [W3C_CREDENTIALS, contexts.envelope ?? envelope, ED25519_2020],
    type: ["VerifiableCredential"],
    issuer: controller,
    ...flatten(fields, files),
    credentialSubject: { "@context": contexts.subject ?? context, ...flatten(subject, files) },
  };
}

/** Builds and signs. `created` is cut to whole seconds. Gives the JSON text. */
export async function issue({ created, key, ...content }) {
  const date = new Date(Math.floor(new Date(created).getTime() / 1000) * 1000);
  const credential = buildCredential({ controller: key.controller, ...content });
  credential.issuanceDate = date.toISOString().replace(".000Z", "Z");

  const signed = await vc.issue({ credential, suite: new Ed25519Signature2020({ key, date }), documentLoader });
  return JSON.stringify(signed);
}

/**
 * The text of any document with a proof, by the library that the SDK signs with but without the SDK's checks; null
 * where that library cannot sign it. What JSON does not show (such as -0) is gone before it is signed.
 */
export async function signAnything({ document, key, created }) {
  const copy = JSON.parse(JSON.stringify(document));
  const suite = new Ed25519Signature2020({ key, date: new Date(created) });
  try {
    const purpose = new jsigs.purposes.AssertionProofPurpose();
    return JSON.stringify(await jsigs.sign(copy, { suite, purpose, documentLoader }));
  } catch {
    return null;
  }
}

/** Whether one of the accepted issuers signed this; the reason of the last of them if not. */
export async function verify({ credential, issuers, at }) {
  let reason = "no accepted issuer";
  for (const issuer of issuers) {
    try {
      const result = await verifyByKey({ credential: JSON.parse(credential), key: acceptedKey(issuer), at });
      if (result.verified) return { verified: true };
      reason = deepestMessage(result.error);
    } catch (error) {
      reason = deepestMessage(error);
    }
  }
  return { verified: false, reason };
}

async function verifyByKey({ credential, key, at }) {
  const controller = {
    "@context": "https://w3id.org/security/v2",
    id: key.controller,
    assertionMethod: [key.id],
    authentication: [key.id],
  };
  const suite = new Ed25519Signature2020({ key });
  return vc.verifyCredential({ credential, suite, controller, documentLoader, now: new Date(at) });
}

/** The packages hide the cause in nested lists of errors. */
function deepestMessage(error) {
  const inner = error?.errors?.[0] ?? error?.cause;
  return inner ? deepestMessage(inner) : String(error?.message ?? error);
}

/** Canonical N-Quads of a credential without its proof: what the signature covers. */
export async function canonical(credential) {
  const { proof: _, ...document } = credential;
  return jsonld.canonize(document, {
    algorithm: "URDNA2015",
    format: "application/n-quads",
    documentLoader,
    safe: true,
  });
}

/** Dates and files become text; `residentialAddress.city` becomes `residentialAddressCity`. */
function flatten(object, files) {
  const flat = {};
  for (const [name, value] of Object.entries(object)) {
    if (value instanceof Date) flat[name] = value.toISOString();
    else if (value instanceof Uint8Array) flat[name] = files(value);
    else if (isPlainObject(value)) {
      for (const [inner, text] of Object.entries(flatten(value, files))) {
        flat[name + inner[0].toUpperCase() + inner.slice(1)] = text;
      }
    } else if (value !== undefined) flat[name] = value;
  }
  return flat;
}

function isPlainObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
