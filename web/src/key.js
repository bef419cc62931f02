// The key that a password stands for: idOSKeyDerivation 0.1, as the official SDK has it. Of what is computed here only the
// public half ever leaves the page.

import { x25519 } from "@noble/curves/ed25519.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";

import { toBase64, utf8 } from "./bytes.js";

/** What the SDK takes as a salt: the text of a UUID of version 4. */
const SALT = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The 32 bytes of the secret key: scrypt (N = 16384, r = 8, p = 1) of the password's NFKC form; the salt is the user's id, to
 * the letter. Computed in pieces of at most `asyncTick` milliseconds, so that the page stays alive meanwhile.
 */
export async function secretKey(password, userId, onProgress) {
  if (!SALT.test(userId)) throw new Error("no user id");
  return scryptAsync(utf8(password.normalize("NFKC")), utf8(userId), {
    N: 16384,
    r: 8,
    p: 1,
    dkLen: 32,
    asyncTick: 10,
    onProgress,
  });
}

/** The public key (X25519) in base64, as idOS profiles have it. The secret one is overwritten. */
export async function publicKey(password, userId, onProgress) {
  const secret = await secretKey(password, userId, onProgress);
  const text = toBase64(x25519.getPublicKey(secret));
  secret.fill(0);
  return text;
}
