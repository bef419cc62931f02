// Simulated wallets: ownership proofs as wallets make them, and signers for the Kwil client.

import kwil from "@idos-network/kwil-js";
import { encodeBase58, getBytes, ripemd160, sha256, Wallet } from "ethers";

import { hex, nacl } from "./sealing.js";

const { KwilSigner } = kwil;

export const OWNERSHIP_MESSAGE = "Sign this message to prove you own this wallet";

/** An issuer's signer: a plain Ed25519 key. */
export function ed25519Signer(seed) {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  return new KwilSigner(async (message) => nacl.sign.detached(message, secretKey), publicKey, "ed25519");
}

export function evmSigner(wallet) {
  return new KwilSigner(wallet, wallet.address);
}

export function nearSigner(seed, { nonce = nacl.randomBytes(32), recipient = "idos.network" } = {}) {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  const sign = async (message) => nep413({ message, nonce, recipient, secretKey });
  return new KwilSigner(sign, publicKey, "nep413");
}

// Wallets of every type: what the wallet actions take of them, what write grants call their owner, a signer for the
// Kwil client, and a function that signs a text as the wallet shows it to its user.

export function evmWallet(seed) {
  const wallet = new Wallet(`0x${hex(seed)}`);
  return {
    type: "EVM",
    address: wallet.address,
    publicKey: null,
    owner: wallet.address,
    signer: evmSigner(wallet),
    sign: (message) => wallet.signMessage(message),
  };
}

export function nearWallet(seed, account = "holder.near") {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  const named = `ed25519:${encodeBase58(publicKey)}`;
  return {
    type: "NEAR",
    address: account,
    publicKey: named,
    owner: named,
    signer: nearSigner(seed),
    sign: async (message) =>
      hex(
        nep413({
          message: Buffer.from(message),
          nonce: nacl.randomBytes(32),
          recipient: "idos.network",
          secretKey,
        }),
      ).toUpperCase(),
  };
}

export function xrplWallet(seed) {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  const key = Buffer.concat([Buffer.from([0xed]), publicKey]);
  const address = xrplAddress(key);
  return {
    type: "XRPL",
    address,
    publicKey: hex(key).toUpperCase(),
    owner: address,
    signer: new KwilSigner(async (message) => nacl.sign.detached(message, secretKey), key, "xrpl"),
    sign: async (message) => hex(nacl.sign.detached(Buffer.from(message), secretKey)).toUpperCase(),
  };
}

/** Its signer signs messages as SEP-53 has it, as coming versions of the SDK do; see `asToday`. */
export function stellarWallet(seed) {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  const address = stellarAddress(publicKey);
  const sep53 = async (message) => {
    const text = Buffer.concat([Buffer.from("Stellar Signed Message:\n"), message]);
    return nacl.sign.detached(getBytes(sha256(text)), secretKey);
  };
  return {
    type: "Stellar",
    address,
    publicKey: hex(publicKey),
    owner: address,
    signer: new KwilSigner(sep53, Buffer.from(address), "sep53"),
    /** What the SDK does today: the node sees an Ed25519 key, not the address that it knows. */
    asToday: ed25519Signer(seed),
    sign: async (message) => hex(nacl.sign.detached(Buffer.from(message), secretKey)).toUpperCase(),
  };
}

export function faceSignWallet(seed) {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  const key = hex(publicKey);
  return {
    type: "FaceSign",
    address: key,
    publicKey: key,
    owner: key,
    signer: ed25519Signer(seed),
    sign: async (message) => hex(nacl.sign.detached(Buffer.from(message), secretKey)),
  };
}

/** NEP-413: a u16 (big endian) length, the Borsh payload, and a signature of the payload's SHA-256. */
export function nep413({ message, nonce, recipient, secretKey }) {
  const u32 = (value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const text = (bytes) => Buffer.concat([u32(bytes.length), bytes]);
  const noCallback = Buffer.from([0]);
  const tag = u32(2 ** 31 + 413);
  const payload = Buffer.concat([
    tag,
    text(Buffer.from(message)),
    nonce,
    text(Buffer.from(recipient)),
    noCallback,
  ]);

  const length = Buffer.alloc(2);
  length.writeUInt16BE(payload.length);
  const digest = getBytes(sha256(payload));
  return new Uint8Array(Buffer.concat([length, payload, nacl.sign.detached(digest, secretKey)]));
}

/** Base58 in the ripple alphabet of 0x00, RIPEMD-160 of SHA-256 of the key, and four bytes of checksum. */
export function xrplAddress(key) {
  const account = `0x00${ripemd160(sha256(key)).slice(2)}`;
  const checksum = sha256(sha256(account)).slice(2, 10);
  const bitcoin = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const ripple = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
  return [...encodeBase58(account + checksum)].map((letter) => ripple[bitcoin.indexOf(letter)]).join("");
}

/** StrKey: base32 of a version byte, the key and a CRC-16 (XMODEM, little endian). */
export function stellarAddress(key) {
  const body = Buffer.concat([Buffer.from([6 << 3]), key]);
  let crc = 0;
  for (const byte of body) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  const all = Buffer.concat([body, Buffer.from([crc & 0xff, crc >> 8])]);
  let bits = "";
  for (const byte of all) bits += byte.toString(2).padStart(8, "0");
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return bits
    .match(/.{5}/g)
    .map((five) => alphabet[parseInt(five, 2)])
    .join("");
}
