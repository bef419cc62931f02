// Spellings of bytes.

import { base64 } from "@scure/base";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

export { bytesToHex as toHex };

export const utf8 = (text) => new TextEncoder().encode(text);

export const toBase64 = (bytes) => base64.encode(bytes);

/** The bytes, or null where the text is no hexadecimal. */
export function fromHex(text) {
  try {
    return hexToBytes(text);
  } catch {
    return null;
  }
}

/** The bytes, or null where the text is no base64 of the standard alphabet with padding. */
export function fromBase64(text) {
  try {
    return base64.decode(text);
  } catch {
    return null;
  }
}

export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const random = (length) => crypto.getRandomValues(new Uint8Array(length));
