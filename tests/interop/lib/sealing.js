// Encryption and write signatures of idOS rows, with tweetnacl.

import { createHash } from "node:crypto";

import nacl from "tweetnacl";

export { nacl };

export const base64 = (bytes) => Buffer.from(bytes).toString("base64");
export const fromBase64 = (text) => new Uint8Array(Buffer.from(text, "base64"));
export const hex = (bytes) => Buffer.from(bytes).toString("hex");
export const sha256Hex = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Content for `recipient`: base64 of nonce and box, by a key pair that is thrown away afterwards. */
export function seal(plaintext, recipient, { ephemeral = nacl.box.keyPair(), nonce = nacl.randomBytes(24) } = {}) {
  const box = nacl.box(plaintext, nonce, recipient, ephemeral.secretKey);
  return { content: base64(Buffer.concat([nonce, box])), encryptorPublicKey: base64(ephemeral.publicKey) };
}

/** The plaintext, or null if this was not sealed for `secretKey` or has been changed. */
export function open({ content, encryptorPublicKey }, secretKey) {
  const bytes = fromBase64(content);
  return nacl.box.open(bytes.subarray(24), bytes.subarray(0, 24), fromBase64(encryptorPublicKey), secretKey);
}

/** The two signatures that a row carries when it is written. Copies sign empty notes. */
export function writeSignatures({ publicNotes, content, signingSecretKey }) {
  const notes = nacl.sign.detached(Buffer.from(publicNotes), signingSecretKey);
  const broader = nacl.sign.detached(Buffer.concat([notes, fromBase64(content)]), signingSecretKey);
  return { publicNotesSignature: base64(notes), broaderSignature: base64(broader) };
}
