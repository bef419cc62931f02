// What wallets answer, checked: any script of the page's visitor may stand behind one. The service checks again; what is
// found here is told at once, and in better words.

import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { base32, base58, base58xrp } from "@scure/base";

import { concat, fromBase64, fromHex, toHex, utf8 } from "../bytes.js";
import { WalletError } from "./error.js";

const isText = (value, pattern) => typeof value === "string" && pattern.test(value);

function demand(holds) {
  if (!holds) throw new WalletError("bad_answer");
}

/** An EVM address, as it was given. */
export function evmAddress(value) {
  demand(isText(value, /^0x[0-9a-fA-F]{40}$/));
  return value;
}

/**
 * A signature of personal_sign (EIP-191) by `address`: 65 bytes, v of 27 or 28, which is how nodes want it. Some wallets give
 * 0 and 1. Accounts that are contracts answer with anything else: idOS knows accounts by their key.
 */
export function evmSignature(value, message, address) {
  demand(isText(value, /^0x(?:[0-9a-fA-F]{2}){1,8192}$/));
  const bytes = fromHex(value.slice(2));
  if (bytes.length !== 65) throw new WalletError("contract");
  const recovery = bytes[64] >= 27 ? bytes[64] - 27 : bytes[64];
  demand(recovery === 0 || recovery === 1);
  const text = utf8(message);
  const digest = keccak_256(concat(utf8(`\x19Ethereum Signed Message:\n${text.length}`), text));
  let signer;
  try {
    const signature = secp256k1.Signature.fromBytes(bytes.subarray(0, 64)).addRecoveryBit(recovery);
    const key = signature.recoverPublicKey(digest).toBytes(false);
    signer = `0x${toHex(keccak_256(key.subarray(1)).subarray(12))}`;
  } catch {
    throw new WalletError("bad_answer");
  }
  if (signer !== address.toLowerCase()) throw new WalletError("wrong_account");
  bytes[64] = 27 + recovery;
  return `0x${toHex(bytes)}`;
}

/** The key of a Stellar address (StrKey: version 6 << 3, 32 bytes, CRC-16 of XMODEM). */
export function stellarKey(address) {
  demand(isText(address, /^G[A-Z2-7]{55}$/));
  let bytes;
  try {
    bytes = base32.decode(address);
  } catch {
    throw new WalletError("bad_answer");
  }
  let crc = 0;
  for (const byte of bytes.subarray(0, 33)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  demand(bytes.length === 35 && bytes[0] === 6 << 3 && bytes[33] === (crc & 0xff) && bytes[34] === crc >> 8);
  return bytes.slice(1, 33);
}

/** A Stellar signature as SEP-53 has it, or plain, in hexadecimal. Wallets give base64, bytes, or hexadecimal. */
export function stellarSignature(value, message, key) {
  const bytes = typeof value === "string" ? (fromHex(value) ?? fromBase64(value)) : asBytes(value);
  demand(bytes?.length === 64);
  const text = utf8(message);
  const digest = sha256(concat(utf8("Stellar Signed Message:\n"), text));
  if (!isEd25519(bytes, digest, key) && !isEd25519(bytes, text, key)) throw new WalletError("wrong_account");
  return toHex(bytes);
}

function asBytes(value) {
  if (value instanceof Uint8Array) return value;
  // A Buffer that has been through postMessage.
  return Array.isArray(value?.data) && value.data.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)
    ? Uint8Array.from(value.data)
    : null;
}

/** Address and key of an XRPL account; the address is that of the key. */
export function xrplAccount(address, publicKey) {
  demand(isText(address, /^r[1-9A-HJ-NP-Za-km-z]{24,34}$/) && isText(publicKey, /^(?:ED|02|03)[0-9A-F]{64}$/i));
  const id = ripemd160(sha256(fromHex(publicKey)));
  const account = concat(new Uint8Array(1), id);
  const checksum = sha256(sha256(account)).subarray(0, 4);
  demand(base58xrp.encode(concat(account, checksum)) === address);
  return { address, publicKey: publicKey.toUpperCase() };
}

/** A signature of an XRPL key over a text: Ed25519, or ECDSA in DER over half of SHA-512. In upper-case hexadecimal. */
export function xrplSignature(value, message, publicKey) {
  demand(isText(value, /^(?:[0-9a-fA-F]{2}){8,80}$/));
  const signature = fromHex(value);
  const key = fromHex(publicKey);
  const text = utf8(message);
  let holds;
  if (key[0] === 0xed) {
    demand(signature.length === 64);
    holds = isEd25519(signature, text, key.subarray(1));
  } else {
    try {
      const options = { prehash: false, format: "der", lowS: true };
      holds = secp256k1.verify(signature, sha512(text).subarray(0, 32), key, options);
    } catch {
      holds = false;
    }
  }
  if (!holds) throw new WalletError("wrong_account");
  return value.toUpperCase();
}

/** A NEAR account's name; none of Ethereum's kind, which belongs to a key of another curve. */
export function nearAccount(value) {
  demand(isText(value, /^(?=.{2,64}$)(?!0x[0-9a-f]{40}$)[a-z0-9]+(?:[._-][a-z0-9]+)*$/));
  return value;
}

/** The 32 bytes of a NEAR key in its text form, `ed25519:` and base58. */
export function nearKey(value) {
  demand(isText(value, /^ed25519:[1-9A-HJ-NP-Za-km-z]{32,44}$/));
  try {
    const key = base58.decode(value.slice("ed25519:".length));
    demand(key.length === 32);
    return key;
  } catch {
    throw new WalletError("bad_answer");
  }
}

/** What is signed by NEP-413 (Borsh): a tag of 2^31 + 413, message, nonce, recipient, no callback. */
export function nep413({ message, nonce, recipient }) {
  const u32 = (number) => new Uint8Array([number, number >>> 8, number >>> 16, number >>> 24]);
  const text = (value) => concat(u32(utf8(value).length), utf8(value));
  return concat(u32(2 ** 31 + 413), text(message), nonce, text(recipient), new Uint8Array(1));
}

/** Length (two bytes, big endian), payload and signature, in upper-case hexadecimal: how idOS has NEP-413 signatures. */
export function nearSignature(value, payload, publicKey) {
  const signature = typeof value === "string" ? fromBase64(value) : asBytes(value);
  demand(signature?.length === 64);
  if (!isEd25519(signature, sha256(payload), nearKey(publicKey))) throw new WalletError("wrong_account");
  return toHex(concat(new Uint8Array([payload.length >> 8, payload.length]), payload, signature)).toUpperCase();
}

function isEd25519(signature, message, key) {
  try {
    // As strict as RFC 8032, like the service.
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}

/** A wallet's picture, where it is a small data URI of a picture; nothing is loaded for it. */
export function icon(value) {
  return isText(value, /^data:image\/(?:png|jpeg|webp|gif|svg\+xml)[;,]/) && value.length <= 100_000 ? value : null;
}

/** A wallet's name, as one short line. */
export function name(value, otherwise) {
  // Controls and what turns the direction of writing.
  const text = typeof value === "string" ? value.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim() : "";
  return text === "" ? otherwise : [...text].slice(0, 40).join("");
}
