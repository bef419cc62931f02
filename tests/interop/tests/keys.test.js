// Keys as the official SDK's packages, OpenSSL (through Node) and key stores spell them, read by `idos-issuer`: the
// public half that it shows must be the one that the package says.

import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";

import * as Multikey from "@digitalbazaar/ed25519-multikey";
import { Ed25519VerificationKey2020 } from "@digitalbazaar/ed25519-verification-key-2020";
import { ed25519, x25519 } from "@noble/curves/ed25519";

import { run } from "../lib/process.js";
import { base64, hex, nacl, seal } from "../lib/sealing.js";

const binary = process.env.IDOS_ISSUER_BIN ?? "target/debug/idos-issuer";
const folder = mkdtempSync(path.join(tmpdir(), "idos-keys-"));
after(() => rmSync(folder, { recursive: true }));

let count = 0;
/** A folder for the keys of one test. */
const fresh = () => path.join(folder, `keys-${++count}`);
const cli = (args, input) => run({ command: binary, args }, input);

/** Imports into an empty folder. Gives what was said, and the file. */
async function imported(use, text) {
  const { code, stdout, stderr } = await cli(["keys", "import", use, "-", "--folder", fresh(), "--json"], text);
  assert.equal(code, 0, stderr);
  const said = JSON.parse(stdout);
  assert.equal(statSync(said.file).mode & 0o777, 0o600);
  return said;
}

async function refused(use, text, reason) {
  const { code, stdout, stderr } = await cli(["keys", "import", use, "-", "--folder", fresh()], text);
  assert.equal(code, 2, stdout);
  assert.match(stderr, reason);
}

/** As editors, shells and settings change a text. */
const dressings = {
  "as it is": (text) => text,
  "with a byte order mark and CRLF": (text) => `\ufeff${text.replaceAll("\n", "\r\n")}\r\n`,
  "in quotation marks": (text) => `'${text}'\n`,
};

const pem = (key) => key.export({ type: "pkcs8", format: "pem" });
const url = (bytes) => Buffer.from(bytes).toString("base64url");

describe("Ed25519", () => {
  /** Spellings of one key, each with its public half in hex. */
  async function spellings() {
    const { publicKey, secretKey } = nacl.sign.keyPair();
    const seed = secretKey.subarray(0, 32);
    const node = generateKeyPairSync("ed25519");
    const nodePublic = hex(Buffer.from(node.publicKey.export({ format: "jwk" }).x, "base64url"));
    const noble = ed25519.utils.randomPrivateKey();
    const verification = await Ed25519VerificationKey2020.generate({ seed, controller: "https://a.example" });
    const multikey = await Multikey.generate({ seed, controller: "https://a.example" });
    return {
      "tweetnacl's secretKey in hex": [hex(secretKey), publicKey],
      "tweetnacl's secretKey in upper case, with 0x": [`0x${hex(secretKey).toUpperCase()}`, publicKey],
      "tweetnacl's secretKey in base64": [base64(secretKey), publicKey],
      "tweetnacl's secretKey in base64url": [url(secretKey), publicKey],
      "tweetnacl's secretKey as a list": [JSON.stringify(Array.from(secretKey)), publicKey],
      "the seed in hex": [hex(seed), publicKey],
      "the seed in base64": [base64(seed), publicKey],
      "@noble/curves' private key in hex": [hex(noble), ed25519.getPublicKey(noble)],
      "PEM of node:crypto": [pem(node.privateKey), nodePublic],
      "PEM with \\n, as in .env": [JSON.stringify(pem(node.privateKey)), nodePublic],
      "JWK of node:crypto": [JSON.stringify(node.privateKey.export({ format: "jwk" })), nodePublic],
      "privateKeyMultibase": [verification.privateKeyMultibase, publicKey],
      "an exported Ed25519VerificationKey2020": [
        JSON.stringify(await verification.export({ publicKey: true, privateKey: true })),
        publicKey,
      ],
      "an issuer as the official SDK takes it": [
        JSON.stringify({ issuer: "https://a.example", ...(({ publicKeyMultibase, privateKeyMultibase }) => ({
          publicKeyMultibase,
          privateKeyMultibase,
        }))(verification) }),
        publicKey,
      ],
      "an exported Multikey": [
        JSON.stringify(await multikey.export({ publicKey: true, secretKey: true, includeContext: true })),
        publicKey,
      ],
      "a Multikey as JWK": [JSON.stringify(await Multikey.toJwk({ keyPair: multikey, secretKey: true })), publicKey],
    };
  }

  for (const [dressing, dress] of Object.entries(dressings)) {
    test(`is read in every spelling, ${dressing}`, async () => {
      for (const [name, [text, publicKey]] of Object.entries(await spellings())) {
        const inQuotes = text.startsWith('"');
        const { public: said } = await imported("signing", inQuotes ? text : dress(text));
        const expected = typeof publicKey === "string" ? publicKey : hex(publicKey);
        assert.equal(said.hex, expected, name);
        const named = await Ed25519VerificationKey2020.from({
          type: "Ed25519VerificationKey2020",
          id: "#1",
          controller: "https://a.example",
          publicKeyMultibase: said.multibase,
        });
        assert.equal(hex(Buffer.from(named._publicKeyBuffer)), expected, name);
      }
    });
  }

  test("is read from key files as it stands there, and shown in all spellings", async () => {
    for (const [name, [text, publicKey]] of Object.entries(await spellings())) {
      const keys = fresh();
      assert.equal((await cli(["keys", "generate", "--folder", keys])).code, 0);
      for (const file of ["signing.key", "write.key"]) writeFileSync(path.join(keys, file), text, { mode: 0o600 });
      const { code, stdout, stderr } = await cli(["keys", "show", "--folder", keys, "--json"]);
      assert.equal(code, 0, `${name}: ${stderr}`);
      const expected = typeof publicKey === "string" ? publicKey : hex(publicKey);
      const { write, signing } = JSON.parse(stdout);
      assert.equal(write.publicKey, expected, name);
      assert.equal(hex(Buffer.from(signing.jwk.x, "base64url")), expected, name);
    }
  });

  test("is refused where halves do not match, or where it is public, encrypted or another's", async () => {
    const { publicKey, secretKey } = nacl.sign.keyPair();
    const other = nacl.sign.keyPair();
    const mixed = Buffer.concat([secretKey.subarray(0, 32), other.publicKey]);
    await refused("signing", hex(mixed), /second half is not the public key/);
    await refused("signing", base64(mixed), /second half is not the public key/);
    const node = generateKeyPairSync("ed25519");
    const jwk = { ...node.privateKey.export({ format: "jwk" }), x: url(publicKey) };
    await refused("write", JSON.stringify(jwk), /public half beside it that is not its own/);
    await refused("write", node.publicKey.export({ type: "spki", format: "pem" }), /is a public key/);
    await refused("write", JSON.stringify(node.publicKey.export({ format: "jwk" })), /is a public key/);
    const encrypted = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" };
    await refused("signing", node.privateKey.export(encrypted), /is an encrypted PEM/);
    for (const [type, options, name] of [
      ["rsa", { modulusLength: 2048 }, /RSA/],
      ["ec", { namedCurve: "P-256" }, /EC/],
      ["ed448", {}, /Ed448/],
    ]) {
      await refused("signing", pem(generateKeyPairSync(type, options).privateKey), name);
    }
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    await refused("signing", ec.export({ type: "sec1", format: "pem" }), /another algorithm \(EC\)/);
    await refused("signing", JSON.stringify(ec.export({ format: "jwk" })), /another algorithm \(EC\)/);
    const decrypts = generateKeyPairSync("x25519").privateKey;
    await refused("signing", pem(decrypts), /is an X25519 key, and an Ed25519 key is wanted/);
    await refused("write", JSON.stringify(decrypts.export({ format: "jwk" })), /is an X25519 key/);
  });
});

describe("X25519", () => {
  function spellings() {
    const { publicKey, secretKey } = nacl.box.keyPair();
    const noble = x25519.utils.randomPrivateKey();
    const node = generateKeyPairSync("x25519");
    const nodePublic = Buffer.from(node.publicKey.export({ format: "jwk" }).x, "base64url");
    return {
      "tweetnacl's secretKey in base64": [base64(secretKey), publicKey],
      "tweetnacl's secretKey in hex": [hex(secretKey), publicKey],
      "@noble/curves' private key in hex": [hex(noble), x25519.getPublicKey(noble)],
      "PEM of node:crypto": [pem(node.privateKey), nodePublic],
      "JWK of node:crypto": [JSON.stringify(node.privateKey.export({ format: "jwk" })), nodePublic],
    };
  }

  for (const [dressing, dress] of Object.entries(dressings)) {
    test(`is read in every spelling, ${dressing}`, async () => {
      for (const [name, [text, publicKey]] of Object.entries(spellings())) {
        assert.equal((await imported("encryption", dress(text))).public.base64, base64(publicKey), name);
      }
    });
  }

  test("opens what was sealed for it, whatever its spelling", async () => {
    for (const [name, [text, publicKey]] of Object.entries(spellings())) {
      const { content, encryptorPublicKey } = seal(Buffer.from(name), new Uint8Array(publicKey));
      const file = path.join(folder, "secret");
      writeFileSync(file, text, { mode: 0o600 });
      const args = ["open", "-", "--secret-key-file", file, "--encryptor-public-key", encryptorPublicKey];
      const { code, stdout, stderr } = await cli(args, content);
      assert.deepEqual([code, stdout], [0, name], stderr);
    }
  });

  test("is not to be confused with a key that signs", async () => {
    await refused("encryption", hex(nacl.sign.keyPair().secretKey), /is an Ed25519 key, and an X25519 key is wanted/);
    const signs = generateKeyPairSync("ed25519").privateKey;
    await refused("encryption", pem(signs), /is an Ed25519 key/);
    assert.equal(createPrivateKey(pem(signs)).asymmetricKeyType, "ed25519");
    await refused("encryption", hex(nacl.randomBytes(64)), /64 bytes in hex: a secret has 32/);
  });
});
